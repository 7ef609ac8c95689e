// The rooms one is in, with what is unread in each.
// Which rooms those are, and which one is open, is chat.js.

import { $, badge, clone, write } from "./elements.js";
import { drawAvatar } from "./rows.js";

export class Sidebar {
  #lines = new Map(); // room -> its line, in the order of the page
  #open = null;

  constructor(choose) {
    this.choose = choose;
  }

  get rooms() {
    return [...this.#lines.keys()];
  }

  /** Show these rooms in this order. */
  list(rooms) {
    for (const [room, line] of this.#lines) if (!rooms.includes(room)) line.remove();
    this.#lines = new Map(rooms.map((room) => [room, this.#lines.get(room) ?? this.#line(room)]));
    const lines = [...this.#lines.values()];
    const there = $("rooms").children;
    if (lines.some((line, place) => there[place] !== line)) $("rooms").append(...lines);
  }

  #line(room) {
    const line = clone("room-line");
    line.querySelector("button").addEventListener("click", () => this.choose(room));
    return line;
  }

  draw(room, me) {
    const line = this.#lines.get(room);
    if (!line) return;
    const label = room.label(me.name);
    const sign = line.querySelector(".sign");
    const unread = room.unread();
    line.dataset.kind = room.kind;
    write(line.querySelector("bdi"), label);
    if (room.direct) drawAvatar(sign, label);
    else write(sign, "#");
    badge(line.querySelector(".badge"), unread);
    line.classList.toggle("unread", unread.count > 0);
  }

  mark(open) {
    this.#open = open;
    for (const [room, line] of this.#lines) {
      line.querySelector("button").ariaCurrent = room === open ? "true" : null;
    }
    this.#lines.get(open)?.scrollIntoView({ block: "nearest" });
  }

  /** Go to the next room, or the one before. */
  step(by) {
    const { rooms } = this;
    const next = rooms[(rooms.indexOf(this.#open) + by + rooms.length) % rooms.length];
    if (next) this.choose(next);
  }

  /** What is unread, in all rooms or in all but one. */
  unread(but = null) {
    const sum = { count: 0, more: false };
    for (const room of this.rooms) {
      if (room === but) continue;
      const { count, more } = room.unread();
      sum.count += count;
      sum.more ||= more;
    }
    return sum;
  }
}
