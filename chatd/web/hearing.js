// What is heard without having been asked for: by whom it is known, and who is told.

import { looked } from "./notices.js";

export class Hearing {
  #chat;

  constructor(chat) {
    this.#chat = chat;
  }

  heard(event) {
    const chat = this.#chat;
    if (event.type === "draining") return;
    if (event.type === "notice") return void this.#noticed(event);
    const room = chat.rooms.get(event.room);
    if (event.type === "invited") {
      if (!room) this.#enters(event); // before its first message comes
      chat.join(event.room).then((made) => this.#invited(made, event.by), chat.failed);
    } else if (room) this.#roomHeard(room, event);
    // Another session of the same person has entered a room: this one hears it from there on, too.
    else if (chat.here && event.type === "entered") this.#entered(event);
    else if (chat.here && event.type === "message") {
      chat.join(event.room, undefined, event.seq - 1).catch(chat.failed);
    }
  }

  /** What was said before counts as unread until it is read, there or here, as it will when asked. */
  #entered(event) {
    const chat = this.#chat;
    const room = chat.attend(event);
    if (room.read < room.seq) chat.reader.unread(chat.rooms);
  }

  #enters({ room, epoch, seq, direct }) {
    const state = { room, epoch, seq, kind: direct ? "direct" : "private" };
    this.#chat.attend(state).readUpTo(seq);
  }

  #invited(room, by) {
    const chat = this.#chat;
    const own = by === chat.me.name; // on another page of one's own
    if (!own && !room.direct) chat.toast(`${by} invited you to #${room.name}`);
  }

  /** A moderator's word: to a room, whose rules may be others now, or to all. */
  #noticed({ text, user, room: name, all }) {
    const chat = this.#chat;
    const room = chat.rooms.get(name);
    if (room) {
      chat.view.notice(room, text);
      chat.reader.roster(room);
    } else chat.toast(text);
    if (all && chat.current) chat.view.notice(chat.current, `${user} announces: ${text}`);
  }

  #roomHeard(room, event) {
    const chat = this.#chat;
    const own = event.user === chat.me.name;
    if (event.type === "caught_up") this.#caughtUp(room, event);
    else if (event.type === "read") room.serverRead(event.seq);
    else if (event.type === "left" && own) chat.drop(room);
    else if (event.seq !== undefined) {
      this.#entry(room, event);
    } else {
      room.passing(event, chat.me);
      if (event.type === "renamed" && own) chat.named(event.nick);
    }
  }

  #entry(room, event) {
    const chat = this.#chat;
    const message = room.entry(event, chat.me);
    chat.outbox.forgetStored();
    if (room !== chat.current || chat.view.scroller.atEnd) room.trim();
    if (!message || message.mine) return void (room === chat.current && chat.seen());
    if (message.calling) chat.notices.called(room, message, chat.places.label(room.name));
    if (room === chat.current && looked()) chat.seen();
    else if (room === chat.current) chat.view.fresh(room);
  }

  async #caughtUp(room, event) {
    const chat = this.#chat;
    if (event.recovered) return;
    room.restart(event);
    if (room === chat.current) await chat.settle(room);
    chat.reader.unread(chat.rooms);
  }
}
