// Reads what the server keeps of rooms: pages of their history, one message, who is in them, and
// what is unread. What comes without being asked for is heard in chat.js.

import { kept } from "./message.js";

const PAGE = 60; // messages of history at a time

export class Reader {
  #line; #identity; #failed; #came; #fetching = new Set();
  #under = new WeakMap(); // room -> the page of it that is under way

  /** `came(room, draw)` draws a page by calling draw(); `failed(error)` tells what went wrong. */
  constructor(line, identity, { failed, came }) {
    this.#line = line;
    this.#identity = identity;
    this.#failed = failed;
    this.#came = came;
  }

  /** The newest page of a room's history, if nothing of it is there. */
  async load(room) {
    await this.latest(room, () => !room.loaded);
  }

  /** The newest page, whatever is there. */
  async latest(room, needed = () => true) {
    await this.#window(room, needed, async () => {
      const page = await this.#page(room, {});
      return [page.messages, { older: page.more, newer: false }];
    });
  }

  /** A window around one message; false when there is no such message. */
  async around(room, seq) {
    await this.#window(room, () => !room.messages.has(seq), async () => {
      const before = await this.#page(room, { before: seq + 1, limit: PAGE / 2 });
      const after = await this.#page(room, { after: seq, limit: PAGE / 2 });
      const messages = [...before.messages, ...after.messages];
      return [messages, { older: before.more, newer: after.more }];
    });
    return room.messages.has(seq);
  }

  /** The page before the window, or after it. */
  async more(room, end) {
    if (!room?.loaded || !room[end] || !room.messages.size) return;
    if (room.loading || !this.#line.online) return;
    const where = end === "older" ? { before: room.oldest } : { after: room.newest };
    await this.#alone(room, async () => {
      const page = await this.#page(room, where).catch(this.#failed);
      this.#came(room, () => room.stopLoading(page, end, this.#identity.me));
    });
  }

  /** Where one wants to be, when what is under way has come: it is not to be forgotten for that. */
  async #window(room, needed, read) {
    while (room.loading) await this.#under.get(room);
    if (!needed() || !this.#line.online) return;
    await this.#alone(room, async () => {
      try {
        const [messages, ends] = await read();
        this.#came(room, () => room.startOver(messages, ends, this.#identity.me));
      } catch (error) {
        room.loading = false;
        this.#failed(error);
      }
    });
  }

  #alone(room, load) {
    room.startLoading();
    const under = load();
    this.#under.set(room, under);
    return under;
  }

  #page(room, where) {
    const page = this.#line.ask({ type: "history", room: room.name, limit: PAGE, ...where });
    return page.catch((error) => {
      if (error.code !== "no_history") throw error;
      return { messages: [], more: false }; // a room that keeps none
    });
  }

  /** A message that is answered and not in the window; drawn when it has come. */
  async quoted(room, seq, draw) {
    const id = `${room.name} ${seq}`;
    if (this.#fetching.has(id) || !this.#line.online) return;
    this.#fetching.add(id);
    try {
      const { messages } = await this.#page(room, { before: seq + 1, limit: 1 });
      const found = messages.find((message) => message.seq === seq);
      room.quoted.set(seq, kept(found ?? { user: "", text: "", deleted: true }));
      draw();
    } catch {
      this.#fetching.delete(id); // asked again when it is drawn again
    }
  }

  /** What was not read in all rooms, where this page has not counted it itself. */
  async unread(rooms) {
    try {
      const answer = await this.#line.ask({ type: "unread" });
      const lines = new Map(answer.rooms.map((line) => [line.room, line]));
      for (const room of rooms.values()) {
        const { direct } = room;
        const line = lines.get(room.name);
        room.counted(line && direct ? { ...line, mentions: line.count } : line);
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  async roster(room) {
    try {
      const list = await this.#line.ask({ type: "who", room: room.name });
      room.roster(list, this.#identity.me);
    } catch (error) {
      this.#failed(error);
    }
  }
}
