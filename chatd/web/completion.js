// What a word may go on as while one writes it: a @name, a #room or an :emoji:.

import { $, make } from "./elements.js";
import { emojiLike } from "./emoji.js";

const WORD = /(?:^|[\s(>])([@#:])([\p{L}\p{N}_.+-]*)$/u;
const MOST = 8;

export class Completion {
  #field; #list = $("completion"); #offers = []; #at = 0; #start = 0; #names;

  /** `names("@" | "#")` gives what may be named. */
  constructor(field, names) {
    this.#field = field;
    this.#names = names;
    field.addEventListener("blur", () => this.close());
  }

  get open() {
    return this.#offers.length > 0;
  }

  /** Look at the word before the caret. */
  look() {
    const { value, selectionStart: caret, selectionEnd } = this.#field;
    const found = caret === selectionEnd && value.slice(0, caret).match(WORD);
    const least = found && found[1] === ":" ? 2 : 0;
    const fits = found && found[2].length >= least;
    this.#offers = fits ? this.#like(found[1], found[2].toLocaleLowerCase()) : [];
    this.#start = fits ? caret - found[2].length - 1 : 0;
    this.#at = 0;
    this.#draw();
  }

  #like(sign, start) {
    if (sign === ":") return emojiLike(start, MOST).map(([name, char]) => [`${char} `, `${char} :${name}:`]);
    const names = this.#names(sign).filter((name) => name.toLocaleLowerCase().startsWith(start));
    return names.slice(0, MOST).map((name) => [`${sign}${name} `, `${sign}${name}`]);
  }

  #draw() {
    const lines = this.#offers.map(([text, label], number) => {
      const line = make("li", { id: `offer-${number}`, role: "option" }, label);
      line.ariaSelected = String(number === this.#at);
      line.addEventListener("pointerdown", (event) => {
        event.preventDefault(); // the focus stays where one writes
        this.#take(text);
      });
      return line;
    });
    this.#list.replaceChildren(...lines);
    this.#list.hidden = !this.open;
    if (this.open) this.#field.setAttribute("aria-activedescendant", `offer-${this.#at}`);
    else this.#field.removeAttribute("aria-activedescendant");
  }

  /** Whether a key was for the list. */
  pressed({ key, shiftKey }) {
    if (!this.open || shiftKey) return false;
    const by = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (by) this.#at = (this.#at + by + this.#offers.length) % this.#offers.length;
    else if (key === "Enter" || key === "Tab") return this.#take(this.#offers[this.#at][0]);
    else if (key !== "Escape") return false;
    else this.#offers = [];
    this.#draw();
    return true;
  }

  #take(text) {
    this.#field.setRangeText(text, this.#start, this.#field.selectionStart, "end");
    this.close();
    this.#field.dispatchEvent(new Event("input"));
    return true;
  }

  close() {
    this.#offers = [];
    this.#draw();
  }
}
