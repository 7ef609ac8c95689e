// The one place to scroll: it shows a room's rows and stays where the reader is, whatever changes.

const NEAR = 48; // pixels from the end that still count as the end
const FAR = 1600; // pixels from an end of the rows at which more of them are fetched

export class Scroller {
  #element; #latest; #reached; #shown = null; #atEnd = true; #news = false; #top = 0; #held = false;

  /** `reached("older" | "newer" | "end")` is told when the reader comes near. */
  constructor(element, latest, { reached, toLatest }) {
    this.#element = element;
    this.#latest = latest;
    this.#reached = reached;
    element.addEventListener("scroll", () => this.look(), { passive: true });
    latest.addEventListener("click", toLatest);
    new ResizeObserver(() => this.#atEnd && this.toEnd()).observe(element);
  }

  get atEnd() {
    return this.#atEnd;
  }

  show(log) {
    if (this.#shown && this.#shown !== log) {
      this.#shown.place = this.#atEnd ? null : this.#anchor();
      this.#shown.list.hidden = true;
    }
    if (log.list.parentElement !== this.#element) this.#element.append(log.list);
    this.#shown = log;
    log.list.hidden = false;
    const { row, offset } = log.place ?? {};
    if (row?.isConnected) this.#element.scrollTop = row.offsetTop + offset;
    else this.#element.scrollTop = this.#element.scrollHeight;
    this.look();
  }

  /**
   * Let the list change, and keep what the reader looks at where it is: the end, or a row.
   * Changes within a change are held with it: to look costs the browser a layout each time.
   */
  steady(log, change) {
    if (log !== this.#shown || this.#held) return change();
    this.#held = true;
    try {
      return this.#hold(change);
    } finally {
      this.#held = false;
    }
  }

  #hold(change) {
    if (this.#element.scrollTop !== this.#top) this.look(); // scrolled, and not yet told of it
    if (this.#atEnd) {
      change();
      return this.toEnd();
    }
    const anchor = this.#anchor();
    change();
    if (anchor?.row.isConnected) this.#element.scrollTop = anchor.row.offsetTop + anchor.offset;
    return undefined;
  }

  /** The first row in sight, and how far its top is above the edge. */
  #anchor() {
    const { scrollTop } = this.#element;
    const rows = this.#shown.list.children;
    let [low, high] = [0, rows.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      const { offsetTop, offsetHeight } = rows[middle];
      if (offsetTop + offsetHeight > scrollTop) high = middle;
      else low = middle + 1;
    }
    return rows[low] && { row: rows[low], offset: scrollTop - rows[low].offsetTop };
  }

  /** Show this row, with what is before it in sight; `center`: in the middle. */
  to(row, { center = false } = {}) {
    const above = center
      ? (this.#element.clientHeight - row.offsetHeight) / 2
      : this.#element.clientHeight / 5;
    this.#element.scrollTop = row.offsetTop - Math.max(0, above);
    this.look();
  }

  toEnd() {
    this.#atEnd = true;
    this.#element.scrollTop = this.#element.scrollHeight;
    this.look();
  }

  /** Something new stands below of what the reader sees. */
  news() {
    this.#news ||= !this.#atEnd;
    this.#latest.classList.toggle("news", this.#news);
  }

  /** Where one is now, and what must be fetched for it. */
  look() {
    const { scrollTop, scrollHeight, clientHeight } = this.#element;
    const below = scrollHeight - scrollTop - clientHeight;
    this.#top = scrollTop;
    this.#atEnd = below < NEAR && !this.#shown?.cut;
    this.#news &&= !this.#atEnd;
    this.#latest.hidden = this.#atEnd;
    this.#latest.classList.toggle("news", this.#news);
    if (scrollTop < FAR) this.#reached("older");
    if (below < FAR) this.#reached("newer");
    if (this.#atEnd) this.#reached("end");
  }
}
