// Finding what was said: words in, messages out, newest first, each the way to its place.

import { $, button, make, write } from "./elements.js";
import { dayOf, drawAvatar, linkTo, timeOf } from "./rows.js";

const SNIPPET = 240; // letters shown of a message

export class Searching {
  #field = $("search-words"); #where = $("search-here"); #list = $("search-found"); #does;
  #asked = 0; // which search is the last: answers to earlier ones come too late

  /** `does`: search(words, here, cursor) gives { messages, cursor } or null; label(room), me(). */
  constructor(does) {
    this.#does = does;
    $("search-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#search();
    });
    this.#where.addEventListener("change", () => this.#search());
  }

  focus() {
    this.#field.focus();
    this.#field.select();
  }

  async #search(cursor = null) {
    const words = this.#field.value.trim();
    if (!words) return;
    this.#asked += 1;
    const asked = this.#asked;
    if (cursor === null) write($("search-says"), "Searching…");
    const answer = await this.#does.search(words, this.#where.checked, cursor);
    if (asked !== this.#asked) return;
    if (cursor === null) this.#list.replaceChildren();
    else this.#list.lastElementChild.remove();
    if (!answer) return void write($("search-says"), "The search did not work just now.");
    const shown = answer.messages.filter(({ deleted }) => !deleted);
    this.#list.append(...shown.map((message) => this.#line(message, words)));
    if (answer.cursor !== null) this.#list.append(this.#more(answer.cursor));
    const count = this.#list.querySelectorAll(".hit").length;
    const more = answer.cursor !== null ? " or more" : "";
    write($("search-says"), count ? `${count}${more} found` : "Nothing was found");
  }

  #more(cursor) {
    return make("li", {}, button("Show older ones", () => this.#search(cursor), { className: "plain" }));
  }

  #line({ room, seq, user, ts, text }, words) {
    const avatar = make("span", { className: "avatar", ariaHidden: "true" });
    drawAvatar(avatar, user, user === this.#does.me().name);
    const head = make("span", { className: "head" }, make("bdi", {}, user), " ",
      make("small", {}, `${this.#does.label(room)} · ${dayOf(ts)} `, make("span", {}, timeOf(ts))));
    const link = make("a", { href: linkTo(room, seq) }, avatar, head,
      make("span", { className: "text", dir: "auto" }, ...lit(cut(text, words), words)));
    return make("li", { className: "hit" }, link);
  }
}

const wordsOf = (text) => text.split(/\s+/).filter(Boolean).map((word) => word.toLocaleLowerCase());

/** The part of a text that holds the first of the words. */
function cut(text, words) {
  const flat = text.replace(/\s+/g, " ");
  const at = flat.toLocaleLowerCase().indexOf(wordsOf(words)[0]);
  const start = Math.max(0, at - 60);
  const part = flat.slice(start, start + SNIPPET);
  return `${start ? "…" : ""}${part}${start + SNIPPET < flat.length ? "…" : ""}`;
}

/** A text with the words that were looked for made to stand out. */
function lit(text, words) {
  const escaped = wordsOf(words).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pieces = text.split(new RegExp(`(${escaped.join("|")})`, "iu"));
  return pieces.map((piece, number) => (number % 2 ? make("mark", {}, piece) : piece));
}
