// Where one writes: a field that grows, Enter that sends, and what the text is meant for: a new
// message, an answer, or another text for an old one. What becomes of it is deeds.js.

import { $, button, icon, make, write } from "./elements.js";
import { Completion } from "./completion.js";
import { pickEmoji } from "./picker.js";

export class Composer {
  #text = $("text"); #send = $("composer").querySelector(".send"); #does; #completion;
  #mode = { kind: "new" }; // or { kind: "reply" | "edit", message }
  #aside = ""; // what one was writing before one began to edit

  /** `does`: say(text, mode) gives what is wrong with it, or ""; typing(on), last(), names(sign). */
  constructor(does) {
    this.#does = does;
    this.#completion = new Completion(this.#text, does.names);
    this.#text.addEventListener("input", () => {
      this.#sized();
      this.#completion.look();
      if (this.#mode.kind !== "edit") does.typing(this.#text.value.trim() !== "");
    });
    this.#text.addEventListener("keydown", (event) => this.#pressed(event));
    $("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#say();
      this.focus();
    });
    $("emoji").addEventListener("click", ({ currentTarget }) =>
      pickEmoji(currentTarget, (sign) => this.#insert(sign)));
    document.addEventListener("keydown", (event) => this.#strayed(event));
  }

  get text() {
    return this.#mode.kind === "edit" ? this.#aside : this.#text.value;
  }

  set text(text) {
    this.#become({ kind: "new" });
    this.#text.value = text;
    this.#sized();
  }

  focus() {
    this.#text.focus();
  }

  /** Say where it goes, or why nothing does. */
  address(label, forbidden = "") {
    const says = forbidden || label;
    if (this.#text.placeholder !== says) this.#text.placeholder = this.#text.ariaLabel = says;
    this.#text.disabled = Boolean(forbidden);
    $("emoji").disabled = Boolean(forbidden);
  }

  reply(message) {
    this.#leaveEdit();
    this.#become({ kind: "reply", message });
    this.focus();
  }

  edit(message) {
    this.#aside = this.text;
    this.#become({ kind: "edit", message });
    this.#text.value = message.text;
    this.#sized();
    this.focus();
    this.#text.setSelectionRange(message.text.length, message.text.length);
  }

  mention(name) {
    this.#insert(`@${name} `);
  }

  #become(mode) {
    this.#mode = mode;
    const { kind, message } = mode;
    $("mode").hidden = kind === "new";
    $("composer").classList.toggle("edits", kind === "edit");
    if (kind === "new") return;
    const says = kind === "edit" ? "Change your message" : "Answer ";
    const quiet = kind === "edit" ? "" : message.text.replace(/\s+/g, " ");
    const who = kind === "edit" ? "" : make("b", {}, message.user);
    const cancel = button(icon("close"), () => this.cancel(), { ariaLabel: "Cancel", title: "Cancel (Esc)" });
    $("mode").replaceChildren(icon(kind === "edit" ? "edit" : "reply"),
      make("p", {}, says, who, " ", make("span", {}, quiet)), cancel);
  }

  /** Neither answer nor edit; gives whether there was anything to cancel. */
  cancel() {
    const was = this.#mode.kind !== "new";
    this.#leaveEdit();
    this.#become({ kind: "new" });
    if (was) this.focus();
    return was;
  }

  #leaveEdit() {
    if (this.#mode.kind !== "edit") return;
    this.#text.value = this.#aside;
    this.#sized();
  }

  #insert(text) {
    this.#text.setRangeText(text, this.#text.selectionStart, this.#text.selectionEnd, "end");
    this.#text.dispatchEvent(new Event("input"));
    this.focus();
  }

  #say() {
    if (!this.#text.value.trim() || this.#text.disabled) return;
    const problem = this.#does.say(this.#text.value, this.#mode);
    if (!problem && this.#mode.kind === "edit") this.cancel();
    else if (!problem) this.text = "";
    write($("composer-says"), problem);
  }

  #pressed(event) {
    const composing = event.isComposing || event.keyCode === 229; // an input method's own Enter
    if (composing) return;
    if (this.#completion.pressed(event)) return void event.preventDefault();
    const { key } = event;
    if (key === "Enter" && !event.shiftKey) this.#say();
    else if (key === "ArrowUp" && !this.#text.value && this.#does.last()) this.edit(this.#does.last());
    else if (key !== "Escape" || !this.cancel()) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #sized() {
    this.#text.style.height = "auto";
    this.#text.style.height = `${this.#text.scrollHeight}px`;
    this.#send.disabled = !this.#text.value.trim();
    write($("composer-says"), "");
  }

  /** Whoever begins to write while nothing is chosen means to write here. */
  #strayed(event) {
    const plain = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    const idle = event.target === document.body || event.target === $("log");
    if (plain && event.key !== " " && idle && document.body.dataset.at === "house") this.focus();
  }
}
