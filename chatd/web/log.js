// Where rows stand: one list for each room, always in the order of the server's log.
// What a row looks like is rows.js; where one looks at it is scroller.js.

import { clone, make } from "./elements.js";
import { dayOf, drawAside, drawMessage } from "./rows.js";

const TOGETHER_MS = 5 * 60_000; // one person's messages within this share one head

export class RoomLog {
  list = make("ol", { hidden: true });
  place = null; // { row, offset } where the reader was, while another room is shown; null: the end
  #room;
  #beginning = null;
  #fresh = null; // the first row that was unread when one came
  #rows = new Map(); // message -> row
  #about = new WeakMap(); // row -> { seq, message } or { seq, said }
  #context;

  /** `context(message)` gives what drawMessage wants to know. */
  constructor(room, context) {
    this.#room = room;
    this.#context = context;
  }

  /** Whether what stands at its end is not the room's newest. */
  get cut() {
    return this.#room.newer;
  }

  put(message) {
    const row = this.#rows.get(message) ?? this.#row(message);
    this.#about.set(row, { seq: message.seq, message });
    drawMessage(row, message, this.#context(message));
    this.#stand(row, message.seq);
    this.#group(row);
    this.#group(this.#after(row));
  }

  #row(message) {
    const row = clone("message");
    row.tabIndex = -1;
    this.#rows.set(message, row);
    return row;
  }

  drop(message) {
    const row = this.#rows.get(message);
    if (!row) return;
    const after = this.#after(row);
    row.remove();
    this.#rows.delete(message);
    this.#group(after);
    const { list } = this;
    const first = () => (this.begins ? this.#beginning.nextElementSibling : list.firstElementChild);
    while (this.#rows.size && !this.messageOf(first())) first().remove(); // said aside before all
  }

  /** A quiet line at the end of what is known; several in a row are one. */
  aside(name, what, seq) {
    let row = this.#lastUpTo(seq);
    if (!row || !this.#about.get(row).said) {
      row = make("li", { className: "aside" });
      this.#about.set(row, { seq, said: new Map() });
      this.#stand(row, seq);
      this.#group(this.#after(row));
    }
    const { said } = this.#about.get(row);
    said.delete(name);
    said.set(name, what);
    this.#about.set(row, { seq, said });
    drawAside(row, said);
  }

  #lastUpTo(seq) {
    let row = this.list.lastElementChild;
    while (row && this.#about.get(row).seq > seq) row = row.previousElementSibling;
    return row;
  }

  /** A word of the server's own. */
  notice(text, seq) {
    const row = make("li", { className: "notice" }, text);
    this.#about.set(row, { seq });
    this.#stand(row, seq);
    this.#group(this.#after(row));
  }

  clear() {
    this.#rows.clear();
    this.#beginning = null;
    this.#fresh = null;
    this.place = null;
    this.list.replaceChildren();
  }

  /** Whether it is said that there is nothing before the first row. */
  get begins() {
    return Boolean(this.#beginning?.parentElement);
  }

  /** Say so, under this title (text and drawings), or say it no more. */
  begin(begins, title, of) {
    if (!begins) return this.#beginning.remove();
    const says = make("p", {}, `This is the beginning of ${of}`);
    this.#beginning = make("li", { className: "beginning" }, make("bdi", {}, ...title), says);
    this.#about.set(this.#beginning, { seq: -1 });
    return this.list.prepend(this.#beginning);
  }

  /** Show where the unread messages begin, nothing when there are none; gives that row. */
  markFresh(read) {
    const before = this.#fresh;
    this.#fresh = [...this.list.children].find((row) => {
      const message = this.messageOf(row);
      return message && message.seq > read && message.seq < Infinity && !message.mine;
    });
    if (before !== this.#fresh) for (const row of [before, this.#fresh]) this.#group(row);
    return this.#fresh;
  }

  get hasFresh() {
    return Boolean(this.#fresh?.isConnected);
  }

  /** Draw all rows again: one has another name now. */
  redraw() {
    for (const message of this.#rows.keys()) this.put(message);
  }

  /** The row of the message with this seq, if it is here. */
  rowOf(seq) {
    return this.#rows.get(this.#room.messages.get(seq));
  }

  messageOf(row) {
    return this.#about.get(row)?.message;
  }

  /** The message rows beside one: +1 after it, -1 before it. */
  beside(row, by) {
    const next = (each) => (by > 0 ? each.nextElementSibling : each.previousElementSibling);
    let other = next(row);
    while (other && !this.messageOf(other)) other = next(other);
    return other;
  }

  #after(row) {
    return this.beside(row, 1);
  }

  /** Put a row behind all that come before it. One that stands right is not touched. */
  #stand(row, seq) {
    const of = (other) => this.#about.get(other)?.seq;
    const [before, after] = [row.previousElementSibling, row.nextElementSibling];
    const right = (!before || of(before) <= seq) && (!after || of(after) >= seq);
    if (row.parentElement === this.list && right) return;
    row.remove();
    const last = this.#lastUpTo(seq);
    if (last) last.after(row);
    else this.list.prepend(row);
  }

  /** Head, day and distance depend on the message before. */
  #group(row) {
    if (!row?.isConnected && row?.parentElement !== this.list) return;
    const message = this.messageOf(row);
    const before = row.previousElementSibling;
    const aside = Boolean(before) && !this.messageOf(before);
    const earlier = this.messageOf(this.beside(row, -1) ?? row);
    const first = earlier === message;
    const day = dayOf(message.ts);
    const newDay = first || dayOf(earlier.ts) !== day;
    const fresh = row === this.#fresh;
    row.querySelector(".day").hidden = !newDay;
    row.querySelector(".day span").textContent = day;
    row.querySelector(".fresh").hidden = !fresh;
    const same = earlier.user === message.user && earlier.guest === message.guest;
    const close = message.ts - earlier.ts < TOGETHER_MS;
    const answers = message.replyTo !== null;
    const follows = !newDay && !fresh && !aside && !answers && same && close;
    row.classList.toggle("follows", follows);
  }
}
