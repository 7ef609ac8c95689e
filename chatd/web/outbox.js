// What was said and is not stored yet. One message after the other is sent, each until the server
// has it or refuses it for good; the same key makes a second try harmless.

import { Lost, Refusal } from "./connection.js";
import * as keeping from "./keeping.js";

export class Outbox {
  #line; #rooms; #messages = []; #busy = false; #wakeUp = () => {};

  constructor(line, rooms) {
    this.#line = line;
    this.#rooms = rooms;
  }

  add(message) {
    this.#keep([...this.#messages, message]);
    this.#pump();
  }

  /** Try once more what was refused. */
  again(message) {
    const room = this.#rooms.get(message.room);
    if (!room || this.#messages.includes(message)) return;
    room.again(message);
    this.add(message);
  }

  /** It is not to be sent any more. */
  forget(message) {
    this.#keep(this.#messages.filter((each) => each !== message));
  }

  /** There is a new line. */
  wake() {
    this.#wakeUp();
    this.#pump();
  }

  clear() {
    this.#messages = [];
  }

  /** What has come back as an event is stored, even when its answer was lost with the line. */
  forgetStored() {
    const left = this.#messages.filter((message) => message.state !== "final");
    if (left.length < this.#messages.length) this.#keep(left);
  }

  #keep(messages) {
    this.#messages = messages;
    keeping.setUnsent(messages);
  }

  async #pump() {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#messages.length && this.#line.online) await this.#post(this.#messages[0]);
    this.#busy = false;
  }

  async #post(message) {
    const { room, text, key, replyTo } = message;
    const answers = replyTo === null ? {} : { reply_to: replyTo };
    try {
      const ack = await this.#line.ask({ type: "send", room, text, key, ...answers });
      this.#rooms.get(room)?.acknowledged(message, ack);
    } catch (error) {
      if (error instanceof Lost) return; // sent again on the next line
      if (!(error instanceof Refusal)) throw error;
      if (error.passing) return void (await this.#pause(error.after));
      this.#rooms.get(room)?.refused(message, error.message);
    }
    this.#keep(this.#messages.filter((each) => each !== message));
  }

  /** Wait so many milliseconds, or until there is a new line. */
  #pause(ms) {
    return new Promise((done) => {
      this.#wakeUp = done;
      setTimeout(done, ms);
    });
  }
}
