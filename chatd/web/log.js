// Where rows stand: one list for each room, always in the order of the server's log, and one place
// to scroll, which stays where the reader is. What a row looks like is rows.js.

import { clone } from "./elements.js";
import { dayOf, drawAside, drawMessage } from "./rows.js";

const TOGETHER_MS = 5 * 60_000; // one person's messages within this share one head
const NEAR = 48; // pixels from the end that still count as the end
const FAR = 600; // pixels from the beginning at which older messages are fetched

/** The rows of one room. */
export class RoomLog {
  list = document.createElement("ol");
  place = null; // where the reader was, while another room is shown; null: at the end
  #beginning = null;
  #rows = new Map(); // message -> row
  #about = new WeakMap(); // row -> { seq, message } or { seq, said }
  #context;

  /** `context(message)` gives what drawMessage wants to know. */
  constructor(context) {
    this.#context = context;
    this.list.hidden = true;
  }

  put(message) {
    const row = this.#rows.get(message) ?? clone("message");
    this.#rows.set(message, row);
    this.#about.set(row, { seq: message.seq, message });
    drawMessage(row, message, this.#context(message));
    this.#stand(row, message.seq);
    this.#group(row);
    this.#group(this.#after(row));
  }

  drop(message) {
    const row = this.#rows.get(message);
    const after = row && this.#after(row);
    row?.remove();
    this.#rows.delete(message);
    this.#group(after);
    while (this.list.firstElementChild && !this.#messageOf(this.list.firstElementChild)) {
      if (!this.#rows.size) break;
      this.list.firstElementChild.remove(); // what was said aside before the oldest message
    }
  }

  /** A quiet line at the end of what is known; several in a row are one. */
  aside(name, what, seq) {
    let row = [...this.list.children].findLast((child) => this.#about.get(child).seq <= seq);
    if (!row || !this.#about.get(row).said) {
      row = document.createElement("li");
      row.className = "aside";
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

  /** A word of the server's own. */
  notice(text, seq) {
    const row = document.createElement("li");
    row.className = "notice";
    row.textContent = text;
    this.#about.set(row, { seq });
    this.#stand(row, seq);
    this.#group(this.#after(row));
  }

  clear() {
    this.#rows.clear();
    this.#beginning = null;
    this.list.replaceChildren();
  }

  /** Whether there is nothing before the first row, and of which room that is the beginning. */
  begin(begins, label) {
    if (!begins) this.#beginning?.remove();
    if (!begins || this.#beginning?.isConnected) return;
    this.#beginning = document.createElement("li");
    this.#beginning.className = "beginning";
    this.#beginning.textContent = `The beginning of ${label}`;
    this.#about.set(this.#beginning, { seq: -1 });
    this.list.prepend(this.#beginning);
  }

  /** Show where the unread messages begin; nothing when there are none. */
  markFresh(read) {
    this.list.querySelector(".fresh-here")?.classList.remove("fresh-here");
    const first = [...this.list.children].find((row) => {
      const message = this.#messageOf(row);
      return message && message.seq > read && !message.mine;
    });
    first?.classList.add("fresh-here");
    this.#group(first);
  }

  /** Draw all rows again: one has another name now. */
  redraw() {
    for (const message of this.#rows.keys()) this.put(message);
  }

  #messageOf(row) {
    return this.#about.get(row)?.message;
  }

  #after(row) {
    let next = row.nextElementSibling;
    while (next && !this.#messageOf(next)) next = next.nextElementSibling;
    return next;
  }

  /** Put a row behind all that come before it. One that stands right is not touched. */
  #stand(row, seq) {
    const of = (other) => this.#about.get(other)?.seq;
    const [before, after] = [row.previousElementSibling, row.nextElementSibling];
    const right = (!before || of(before) <= seq) && (!after || of(after) >= seq);
    if (row.parentElement === this.list && right) return;
    row.remove();
    let last = this.list.lastElementChild;
    while (last && of(last) > seq) last = last.previousElementSibling;
    if (last) last.after(row);
    else this.list.prepend(row);
  }

  /** Head, day and distance depend on the message before. */
  #group(row) {
    if (!row) return;
    const message = this.#messageOf(row);
    let before = row.previousElementSibling;
    const aside = Boolean(before) && !this.#messageOf(before);
    while (before && !this.#messageOf(before)) before = before.previousElementSibling;
    const earlier = before && this.#messageOf(before);
    const day = dayOf(message.ts);
    const newDay = !earlier || dayOf(earlier.ts) !== day;
    const fresh = row.classList.contains("fresh-here");
    row.querySelector(".day").hidden = !newDay;
    row.querySelector(".day span").textContent = day;
    row.querySelector(".fresh").hidden = !fresh;
    const same = earlier?.user === message.user && earlier.guest === message.guest;
    const close = earlier && message.ts - earlier.ts < TOGETHER_MS;
    row.classList.toggle("follows", Boolean(!newDay && !fresh && !aside && same && close));
  }
}

/** The place where the open room's rows are seen. */
export class Scroller {
  #element; #latest; #reached; #shown = null; #atEnd = true; #news = false;

  /** `reached("start" | "end")` is told when the reader comes near. */
  constructor(element, latest, reached) {
    this.#element = element;
    this.#latest = latest;
    this.#reached = reached;
    element.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    latest.addEventListener("click", () => this.toEnd());
    new ResizeObserver(() => this.#atEnd && this.toEnd()).observe(element);
  }

  get atEnd() {
    return this.#atEnd;
  }

  show(log) {
    if (this.#shown) {
      this.#shown.place = this.#atEnd ? null : this.#element.scrollTop;
      this.#shown.list.hidden = true;
    }
    if (log.list.parentElement !== this.#element) this.#element.append(log.list);
    this.#shown = log;
    log.list.hidden = false;
    this.#atEnd = log.place === null;
    this.#element.scrollTop = log.place ?? this.#element.scrollHeight;
    this.#scrolled();
  }

  /** Let the list change, and keep what the reader looks at where it is: the end, or a row. */
  steady(log, change) {
    if (log !== this.#shown) return change();
    if (this.#atEnd) {
      change();
      return this.toEnd();
    }
    const top = this.#element.scrollTop;
    const bottom = (row) => row.offsetTop + row.offsetHeight;
    const anchor = [...log.list.children].find((row) => bottom(row) > top);
    const before = anchor && bottom(anchor);
    change();
    if (anchor?.isConnected) this.#element.scrollTop = top + bottom(anchor) - before;
    return undefined;
  }

  toEnd() {
    this.#atEnd = true;
    this.#element.scrollTop = this.#element.scrollHeight;
    this.#scrolled();
  }

  /** Something new stands below of what the reader sees. */
  news() {
    this.#news ||= !this.#atEnd;
    this.#latest.classList.toggle("news", this.#news);
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#element;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    this.#news &&= !this.#atEnd;
    this.#latest.hidden = this.#atEnd;
    this.#latest.classList.toggle("news", this.#news);
    if (scrollTop < FAR) this.#reached("start");
    if (this.#atEnd) this.#reached("end");
  }
}
