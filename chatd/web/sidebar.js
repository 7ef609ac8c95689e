// The rooms one is in and the people one writes to, with what is unread in each.
// Which rooms those are, and which one is open, is chat.js.

import { $, badge, clone, icon, write } from "./elements.js";
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
    this.#fill($("rooms"), rooms.filter((room) => !room.direct));
    this.#fill($("directs"), rooms.filter((room) => room.direct));
    $("directs-head").hidden = !rooms.some((room) => room.direct);
  }

  #fill(list, rooms) {
    const lines = rooms.map((room) => this.#lines.get(room));
    if (lines.some((line, place) => list.children[place] !== line)) list.append(...lines);
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
    line.dataset.kind = room.kind;
    write(line.querySelector("bdi"), label);
    if (room.direct) drawAvatar(sign, label);
    else if (!sign.firstChild) sign.append(room.private ? icon("lock") : "#");
    write(line.querySelector(".unseen"), room.private ? "private room " : "");
    badge(line.querySelector(".badge"), room.unread);
    line.classList.toggle("unread", room.unread.count > 0);
    line.classList.toggle("drafted", room !== this.#open && room.draft.trim() !== "");
  }

  mark(open) {
    this.#open = open;
    for (const [room, line] of this.#lines) {
      line.querySelector("button").ariaCurrent = room === open ? "true" : null;
    }
    this.#lines.get(open)?.scrollIntoView({ block: "nearest" });
  }

  /** Go to the next room, or the one before; `unread`: of those in which something is unread. */
  step(by, unread = false) {
    const fit = (room) => room === this.#open || !unread || room.unread.count > 0;
    const rooms = this.rooms.filter(fit);
    const next = rooms[(rooms.indexOf(this.#open) + by + rooms.length) % rooms.length];
    if (next && next !== this.#open) this.choose(next);
  }

  /** What is unread, in all rooms or in all but one. */
  unread(but = null) {
    const sum = { count: 0, mentions: 0, more: false };
    for (const room of this.rooms) {
      if (room === but) continue;
      sum.count += room.unread.count;
      sum.mentions += room.unread.mentions;
      sum.more ||= room.unread.more;
    }
    return sum;
  }
}
