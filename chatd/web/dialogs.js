// Dialogs: one asks for a few words before something is done, one lists things that can be done
// something about. What they ask for is done elsewhere.

import { $, button, make, write } from "./elements.js";

/** A dialog that its own buttons, Escape and a click beside it close. */
export function dismissible(dialog) {
  for (const each of dialog.querySelectorAll("[data-close]")) {
    each.addEventListener("click", () => dialog.close());
  }
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}

export class Ask {
  #dialog = $("ask"); #does = null; #done = null; #fields = [];

  constructor() {
    dismissible(this.#dialog);
    this.#dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /**
   * `fields`: { name, label, value, type, options: [[value, label]], placeholder, required, most }.
   * `does(values)` gives what is wrong, or "", which closes the dialog; `done()` hears of that,
   * when the focus is back where it was.
   */
  open({ title, text = "", fields = [], act, danger = false, does, done = () => {} }) {
    this.#does = does;
    this.#done = done;
    write($("ask-title"), title);
    write($("ask-text"), text);
    $("ask-text").hidden = !text;
    this.#says("");
    this.#fields = fields.map((each) => this.#field(each));
    $("ask-fields").replaceChildren(...this.#fields.flatMap(({ label, input }) => [label, input]));
    const go = this.#dialog.querySelector("[value=go]");
    write(go, act);
    go.className = danger ? "primary bad" : "primary";
    this.#dialog.showModal();
    (this.#fields[0]?.input ?? go).focus();
  }

  #field({ name, label, value = "", type = "text", options, most = 300, ...facts }) {
    const id = `field-${name}`;
    const tag = options ? "select" : type === "area" ? "textarea" : "input";
    const input = make(tag, { id, spellcheck: type === "area" });
    if (tag === "input") Object.assign(input, { type, autocomplete: "off", autocapitalize: "off" });
    if (!options) Object.assign(input, { maxLength: most, ...facts });
    for (const [key, said] of options ?? []) input.append(make("option", { value: key }, said));
    input.value = value;
    return { name, label: make("label", { htmlFor: id }, label), input };
  }

  async #submit() {
    const values = this.#fields.map(({ name, input }) => [name, input.value.trim()]);
    const go = this.#dialog.querySelector("[value=go]");
    go.disabled = true;
    const problem = await this.#does(Object.fromEntries(values));
    go.disabled = false;
    this.#says(problem);
    if (problem) return;
    this.#dialog.close();
    this.#done();
  }

  #says(problem) {
    write(this.#dialog.querySelector(".problem"), problem ?? "");
  }
}

export class Listing {
  #dialog = $("listing"); #read = null;

  constructor() {
    dismissible(this.#dialog);
  }

  /** `read()` gives rows: { head, text, meta, actions: [[label, does]] }, or null when it cannot. */
  async open({ title, empty, read }) {
    this.#read = { read, empty };
    write($("listing-title"), title);
    this.#dialog.querySelector("ul").replaceChildren();
    write($("listing-none"), "…");
    if (!this.#dialog.open) this.#dialog.showModal();
    await this.#draw();
  }

  async #draw() {
    const { read, empty } = this.#read;
    const rows = await read();
    this.#dialog.querySelector("ul").replaceChildren(...(rows ?? []).map((row) => this.#line(row)));
    write($("listing-none"), rows === null ? "It could not be read." : rows.length ? "" : empty);
  }

  #line({ head, text = "", meta = "", actions }) {
    const does = actions.map(([label, act]) =>
      button(label, async () => {
        if ((await act()) !== "leave") await this.#draw();
      }, { className: "plain" }));
    return make("li", {},
      make("p", { className: "what" }, make("b", {}, head), " ", make("small", {}, meta)),
      make("p", { className: "text" }, text),
      make("p", { className: "acts" }, ...does));
  }

  close() {
    this.#dialog.close();
  }
}
