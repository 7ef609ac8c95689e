// Where one writes: a field that grows, Enter that sends, and keys pressed elsewhere that end here.
// Whether a text may be said, and what becomes of it, is chat.js.

import { $, write } from "./elements.js";

export class Composer {
  #text = $("text"); #button = $("composer").querySelector("button");

  /** `say(text)` gives what is wrong with it, or ""; `typing(on)` is told of every change. */
  constructor({ say, typing }) {
    this.#text.addEventListener("input", () => {
      this.#sized();
      typing(this.#text.value.trim() !== "");
    });
    this.#text.addEventListener("keydown", (event) => {
      const composing = event.isComposing || event.keyCode === 229; // an input method's own Enter
      if (event.key !== "Enter" || event.shiftKey || composing) return;
      event.preventDefault();
      this.#send(say);
    });
    $("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(say);
      this.focus();
    });
    document.addEventListener("keydown", (event) => this.#strayed(event));
  }

  get text() {
    return this.#text.value;
  }

  set text(text) {
    this.#text.value = text;
    this.#sized();
  }

  focus() {
    this.#text.focus();
  }

  /** Say where it goes. */
  address(label) {
    if (this.#text.placeholder !== label) this.#text.placeholder = this.#text.ariaLabel = label;
  }

  #send(say) {
    if (!this.text.trim()) return;
    const problem = say(this.text);
    if (!problem) this.text = "";
    write($("composer-says"), problem);
  }

  #sized() {
    this.#text.style.height = "auto";
    this.#text.style.height = `${this.#text.scrollHeight}px`;
    this.#button.disabled = !this.text.trim();
    write($("composer-says"), "");
  }

  /** Whoever begins to write while nothing is chosen means to write here. */
  #strayed(event) {
    const plain = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    const idle = event.target === document.body || event.target === $("log");
    if (plain && event.key !== " " && idle && document.body.dataset.at === "house") this.focus();
  }
}
