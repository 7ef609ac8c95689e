// Reads what the server keeps of rooms: pages of their history, and who is in them.
// What comes without being asked for is heard in chat.js.

const PAGE = 50; // messages of history at a time

export class Reader {
  #line; #identity; #failed; #came;

  /** `came(room, place)` draws a page by calling place(); `failed(error)` tells what went wrong. */
  constructor(line, identity, { failed, came }) {
    this.#line = line;
    this.#identity = identity;
    this.#failed = failed;
    this.#came = came;
  }

  /** The newest page of a room's history, once. */
  async load(room) {
    if (!room.loaded) await this.#page(room, {});
  }

  /** The page before what is there. */
  async older(room) {
    if (room?.loaded && room.more) await this.#page(room, { before: room.oldest });
  }

  /** After a new line: the open room first, then those in which something may be unread. */
  async refresh(open, rooms) {
    if (!open) return;
    this.roster(open);
    await this.load(open);
    for (const room of rooms.values()) if (room.read < room.seq) await this.load(room);
  }

  async roster(room) {
    try {
      room.roster(await this.#line.ask({ type: "who", room: room.name }));
    } catch (error) {
      this.#failed(error);
    }
  }

  async #page(room, where) {
    if (room.loading || !this.#line.online) return;
    room.startLoading();
    let page = null;
    try {
      page = await this.#line.ask({ type: "history", room: room.name, limit: PAGE, ...where });
    } catch (error) {
      this.#failed(error);
    }
    this.#came(room, () => room.stopLoading(page, this.#identity.me));
  }
}
