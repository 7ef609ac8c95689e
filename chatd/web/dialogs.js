// Two dialogs: one finds, joins or creates a room; one is about oneself, and has the way out.
// What they ask for is done by chat.js.

import { $, clone, write } from "./elements.js";

const dismissible = (dialog) => {
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
};

/** Rooms by name: those there are, and those there could be. */
export class Finder {
  #dialog = $("finder"); #name = $("finder-name"); #does; #done; #create = "";

  /**
   * `join(name, create)` gives { problem, missing }; `publicRooms()` lists what one may join;
   * `done()` is called when one is in a room.
   */
  constructor(does, done) {
    this.#does = does;
    this.#done = done;
    dismissible(this.#dialog);
    this.#name.addEventListener("input", () => this.#narrow());
    this.#dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#go(this.#name.value.trim());
    });
  }

  async open() {
    this.#name.value = "";
    this.#list([]);
    this.#dialog.showModal();
    this.#list(await this.#does.publicRooms());
  }

  #list(rooms) {
    const lines = rooms.map(({ room, topic = "", present }) => {
      const line = clone("found");
      line.dataset.room = room;
      line.querySelector("bdi").textContent = room;
      line.querySelector(".about").textContent = topic;
      line.querySelector("small").textContent = present ? `${present} here` : "";
      line.querySelector("button").addEventListener("click", () => this.#go(room));
      return line;
    });
    this.#dialog.querySelector("ul").replaceChildren(...lines);
    this.#narrow();
  }

  #narrow() {
    const wanted = this.#name.value.trim().toLocaleLowerCase();
    for (const line of this.#dialog.querySelectorAll("li")) {
      line.hidden = !line.dataset.room.includes(wanted);
    }
    this.#says({});
  }

  /** Join, or, asked a second time about a room that is not there, create. */
  async #go(name) {
    if (!name) return;
    const answer = await this.#does.join(name, this.#create === name);
    this.#says(answer, name);
    if (answer.problem) return;
    this.#dialog.close();
    this.#done();
  }

  #says({ problem = "", missing = false }, name = "") {
    this.#create = missing ? name : "";
    write(this.#dialog.querySelector(".primary"), missing ? "Create it" : "Join");
    write(this.#dialog.querySelector(".problem"), problem);
    this.#dialog.querySelector(".problem").classList.toggle("mild", missing);
  }
}

/** One's own name. */
export class Self {
  #dialog = $("self"); #name = $("self-name"); #problem = $("self").querySelector(".problem");

  /** `rename(name)` gives what is wrong with it, or "". */
  constructor({ rename, goOut }) {
    dismissible(this.#dialog);
    this.#dialog.querySelector("form").addEventListener("submit", async (event) => {
      event.preventDefault();
      const problem = await rename(this.#name.value.trim());
      write(this.#problem, problem);
      if (!problem) this.#dialog.close();
    });
    $("go-out").addEventListener("click", () => {
      this.#dialog.close();
      goOut();
    });
  }

  open(me) {
    this.#name.value = me.name;
    this.#name.readOnly = !me.guest;
    this.#dialog.querySelector(".primary").hidden = !me.guest;
    write(this.#problem, "");
    this.#dialog.showModal();
  }
}
