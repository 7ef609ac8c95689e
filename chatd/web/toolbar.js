// What can be done with a message: a few buttons at the one that is pointed at or has the focus,
// and keys for whoever goes through the log without a mouse.

import { button, icon, make } from "./elements.js";
import { isOpen } from "./menu.js";

const QUICK = ["👍", "🎉", "👀"];

export class Toolbar {
  #element; #row = null; #log; #find; #does;

  /**
   * `find(row)` gives the message of a row, `beside(row, by)` the next; `does` has react, reply,
   * pick and more, each for (message, anchor).
   */
  constructor(log, find, does) {
    this.#log = log;
    this.#find = find;
    this.#does = does;
    this.#element = this.#made();
    log.addEventListener("pointerover", (event) => event.pointerType === "mouse" && this.#at(event));
    log.addEventListener("pointerleave", () => this.#leave());
    log.addEventListener("focusout", () => setTimeout(() => this.#pointed || this.#leave()));
    log.addEventListener("focusin", (event) => this.#at(event));
    log.addEventListener("click", (event) => !event.target.closest("a, button") && this.#at(event));
    log.addEventListener("keydown", (event) => this.#pressed(event));
  }

  #made() {
    const act = (name, label, sign) => {
      const does = ({ currentTarget }) => this.#does[name](this.#message, currentTarget);
      return button(icon(sign), does, { title: label, ariaLabel: label });
    };
    const quick = QUICK.map((emoji) =>
      button(emoji, () => this.#does.react(this.#message, emoji, true), {
        title: `React with ${emoji}`,
        ariaLabel: `React with ${emoji}`,
        className: "quick",
      }));
    return make("div", { className: "toolbar", role: "group", ariaLabel: "What to do with it" },
      ...quick,
      act("pick", "React", "smile"),
      act("reply", "Reply", "reply"),
      act("more", "More", "dots"));
  }

  get #message() {
    return this.#find.message(this.#row);
  }

  #at({ target }) {
    const row = target.closest("li.message");
    if (!row || row === this.#row || isOpen()) return;
    const message = this.#find.message(row);
    const fit = message && message.state === "final" && !message.deleted;
    this.#element.remove();
    this.#row = fit ? row : null;
    if (fit) row.querySelector(".said").append(this.#element);
  }

  get #pointed() {
    return this.#row?.matches(":hover") && !this.#message?.deleted;
  }

  /** Not while a menu or dialog is open: the focus comes back here from it. */
  #leave() {
    const open = isOpen() || document.querySelector("dialog[open]");
    if (open || this.#row?.contains(document.activeElement)) return;
    this.#element.remove();
    this.#row = null;
  }

  #pressed(event) {
    const row = event.target.closest("li.message");
    const up = event.key === "ArrowUp";
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (up || event.key === "ArrowDown") {
      if (row === null && !up) return;
      const next = row ? this.#find.beside(row, up ? -1 : 1) : this.#find.last();
      if (!next) return;
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "nearest" });
    } else if (event.target !== row || !this.#row || !this.#key(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #key(key) {
    const does = { r: "reply", e: "edit", "+": "pick", Enter: "more", ContextMenu: "more" }[key];
    if (does) this.#does[does](this.#message, this.#element.lastElementChild);
    return Boolean(does);
  }
}
