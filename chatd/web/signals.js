// What others, and one's other pages, are told of what one does: how far one has read, and typing.
// Both are sent seldom, and are no loss when they are lost.

const READ_MS = 800; // a read marker is sent at most so often
const TYPING_MS = 3000; // and so is "typing"

export class Signals {
  #line; #rooms; #timer = 0; #typedAt = 0;

  constructor(line, rooms) {
    this.#line = line;
    this.#rooms = rooms;
  }

  /** All of this room has been read. */
  read(room) {
    if (room.read >= room.seq) return;
    room.readUpTo(room.seq);
    this.#timer ||= setTimeout(() => this.tellRead(), READ_MS);
  }

  /** Tell the server of all markers that it does not know. */
  tellRead() {
    this.#timer = 0;
    for (const room of this.#rooms.values()) if (room.readTold < room.read) this.#tell(room);
  }

  async #tell(room) {
    const { readTold: before, read: seq } = room;
    room.readTold = seq;
    try {
      await this.#line.ask({ type: "read", room: room.name, seq });
    } catch {
      room.readTold = before; // told again at the next occasion
    }
  }

  typing(room, on) {
    const now = Date.now();
    if (!this.#line.online || (on ? now - this.#typedAt < TYPING_MS : !this.#typedAt)) return;
    this.#typedAt = on ? now : 0;
    this.#line.ask({ type: "typing", room: room.name, on }).catch(() => {});
  }

  /** A message says by itself that the typing is over. */
  said() {
    this.#typedAt = 0;
  }
}
