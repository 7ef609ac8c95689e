// Going somewhere by a few letters: to a room one is in, to one that there is, to a person, or to a
// room that there could be.

import { $, icon, make, write } from "./elements.js";
import { dismissible } from "./dialogs.js";

const MOST = 60;

export class Finder {
  #dialog = $("finder"); #name = $("finder-name"); #list = $("finder-list");
  #does; #places = []; #shown = []; #at = 0;

  /**
   * `does.places()` gives what there is: { kind: "mine" | "room" | "person", name, about, meta };
   * `does.go(place)` goes there and gives what is wrong, or "", and then `arrived()` is called;
   * `mayMakePrivate()` asks itself.
   */
  constructor(does) {
    this.#does = does;
    dismissible(this.#dialog);
    this.#name.addEventListener("input", () => this.#narrow());
    this.#name.addEventListener("keydown", (event) => this.#pressed(event));
    this.#dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#go(this.#shown[this.#at]);
    });
  }

  async open() {
    this.#name.value = "";
    this.#places = this.#does.near();
    this.#narrow();
    this.#dialog.showModal();
    this.#places = [...this.#places, ...(await this.#does.further())];
    this.#narrow();
  }

  #narrow() {
    const wanted = this.#name.value.trim().replace(/^#/, "").toLocaleLowerCase();
    const has = ({ name }) => name.toLocaleLowerCase().includes(wanted);
    const rank = ({ name }) => (name.toLocaleLowerCase().startsWith(wanted) ? 0 : 1);
    const found = this.#places.filter(has).sort((a, b) => rank(a) - rank(b)).slice(0, MOST);
    const exact = ({ name, kind }) => name.toLocaleLowerCase() === wanted && kind !== "person";
    const makes = wanted && !found.some(exact) ? this.#makes(this.#name.value.trim()) : [];
    this.#shown = [...found, ...makes];
    this.#at = Math.max(0, this.#shown.findIndex(exact));
    this.#draw();
    this.#says("");
  }

  #makes(typed) {
    const name = typed.replace(/^#/, "");
    const made = { kind: "new", name, label: `Create #${name}`, about: "a room for everybody" };
    if (!this.#does.mayMakePrivate()) return [made];
    return [made, { ...made, kind: "private", label: `Create #${name}`, about: "a private room" }];
  }

  #draw() {
    const lines = this.#shown.map((place, number) => this.#line(place, number));
    this.#list.replaceChildren(...lines);
    this.#mark();
  }

  #line(place, number) {
    const { kind, name, label = name, about = "", meta = "" } = place;
    const there = place.direct ? "@" : place.room?.private ? icon("lock") : "#";
    const sign = { person: "@", new: "+", private: "+" }[kind] ?? there;
    const line = make("li", { id: `found-${number}`, role: "option" },
      make("span", { className: "sign", ariaHidden: "true" }, sign),
      make("bdi", {}, label),
      make("span", { className: "about", dir: "auto" }, about),
      make("small", {}, meta));
    line.addEventListener("click", () => this.#go(place));
    return line;
  }

  #mark() {
    for (const [number, line] of [...this.#list.children].entries()) {
      line.ariaSelected = String(number === this.#at);
      if (number === this.#at) line.scrollIntoView({ block: "nearest" });
    }
    const there = this.#shown.length > 0;
    this.#name.setAttribute("aria-activedescendant", there ? `found-${this.#at}` : "");
    this.#list.hidden = !there;
  }

  #pressed(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by || !this.#shown.length) return;
    event.preventDefault();
    this.#at = (this.#at + by + this.#shown.length) % this.#shown.length;
    this.#mark();
  }

  async #go(place) {
    if (!place) return;
    const problem = await this.#does.go(place);
    this.#says(problem);
    if (problem) return;
    this.#dialog.close(); // which gives the focus back to where it was
    this.#does.arrived();
  }

  #says(problem) {
    write(this.#dialog.querySelector(".problem"), problem);
  }
}
