// What stands beside the chat: the rooms on one side, people or a search on the other. On a page
// that is not wide enough for them they lie over it.

import { $ } from "./elements.js";

const NARROW = matchMedia("(max-width: 47.99rem)"); // as in style.css: the rooms lie over the chat
const ROOMY = matchMedia("(min-width: 70rem)"); // the people do not
const ASIDE = ["people", "search"];

export class Panels {
  #rooms = false; #aside = ROOMY.matches ? "people" : ""; #changed;

  /** `changed()` is called when something may have come into sight. */
  constructor(changed) {
    this.#changed = changed;
    $("menu").addEventListener("click", () => this.#show(true, ""));
    $("shade").addEventListener("click", () => this.close());
    $("present").addEventListener("click", () => this.toggle("people"));
    $("find-words").addEventListener("click", () => this.toggle("search"));
    for (const name of ASIDE) {
      $(name).querySelector("[data-close]").addEventListener("click", () => {
        this.#show(false, "");
        $(name === "people" ? "present" : "find-words").focus();
      });
    }
    NARROW.addEventListener("change", () => this.#fit());
    ROOMY.addEventListener("change", () => this.#fit());
    this.#show(false, this.#aside);
  }

  #fit() {
    this.#show(false, ROOMY.matches ? this.#aside || "people" : "");
  }

  get narrow() {
    return NARROW.matches;
  }

  toggle(name) {
    this.#show(false, this.#aside === name ? "" : name);
    if (this.#aside && !ROOMY.matches) $(name).querySelector("[data-close]").focus();
  }

  /** Show it, if it is not there already. */
  open(name) {
    if (this.#aside !== name) this.toggle(name);
  }

  shows(name) {
    return this.#aside === name;
  }

  /** Put away what lies over the chat; `all`: a search beside it, too. */
  close(all = false) {
    const over = this.#rooms || (this.#aside && !ROOMY.matches);
    const search = all && this.#aside === "search";
    if (over || search) this.#show(false, ROOMY.matches ? (search ? "people" : this.#aside) : "");
    return Boolean(over || search);
  }

  #show(rooms, aside) {
    this.#rooms = rooms && NARROW.matches;
    this.#aside = aside;
    document.body.classList.toggle("drawn", this.#rooms);
    $("menu").ariaExpanded = String(this.#rooms);
    $("sidebar").inert = NARROW.matches && !this.#rooms;
    for (const name of ASIDE) $(name).hidden = name !== aside;
    $("present").ariaExpanded = String(aside === "people");
    $("find-words").ariaExpanded = String(aside === "search");
    const over = this.#rooms || (aside && !ROOMY.matches);
    $("shade").hidden = !over;
    $("room").inert = Boolean(over);
    if (this.#rooms) $("rooms").querySelector("[aria-current]")?.focus();
    this.#changed();
  }
}
