// Who is in the open room, and the two panels beside the chat: on a page that is not wide enough
// for them they lie over it.

import { $, clone } from "./elements.js";
import { drawAvatar } from "./rows.js";

const NARROW = matchMedia("(max-width: 47.99rem)"); // as in style.css: the rooms lie over the chat
const ROOMY = matchMedia("(min-width: 70rem)"); // the people do not

const order = ({ user, online }) => `${online ? 0 : 1}${user.toLocaleLowerCase()}`;

/** The list of people. */
export class People {
  #shown = "";

  /** `write(user)` opens the room of two. */
  constructor(write) {
    this.write = write;
  }

  /** Draw the list, if it is another than the one there: it may have the focus. */
  draw(room, me) {
    const people = [...room.people.values()].sort((a, b) => order(a).localeCompare(order(b)));
    const shown = JSON.stringify([me.name, people]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    $("people").querySelector("ul").replaceChildren(...people.map((each) => this.#line(each, me)));
  }

  #line({ user, role = "member", online, guest }, me) {
    const line = clone("person");
    const own = user === me.name;
    const button = line.querySelector("button");
    drawAvatar(line.querySelector(".avatar"), user, own);
    line.querySelector(".who").textContent = user;
    const rank = role !== "member" ? role : guest ? "guest" : "";
    line.querySelector("small").textContent = own ? "you" : rank;
    line.classList.toggle("away", !online);
    button.disabled = own;
    button.title = own ? "" : `Write to ${user}`;
    button.addEventListener("click", () => this.write(user));
    return line;
  }
}

/** Which of the two panels is seen. */
export class Panels {
  #rooms = false; #people = ROOMY.matches;

  /** `changed()` is called when the people may have come into sight. */
  constructor(changed) {
    this.changed = changed;
    $("menu").addEventListener("click", () => this.#show({ rooms: true }));
    $("shade").addEventListener("click", () => this.close());
    $("present").addEventListener("click", () => this.#show({ people: !this.#people }));
    $("people").querySelector("header button").addEventListener("click", () => {
      this.#show({ people: false });
      $("present").focus();
    });
    for (const query of [NARROW, ROOMY]) {
      query.addEventListener("change", () => this.#show({ people: ROOMY.matches }));
    }
    this.#show({ people: this.#people });
  }

  get narrow() {
    return NARROW.matches;
  }

  /** Put away what lies over the chat. */
  close() {
    const over = this.#rooms || (this.#people && !ROOMY.matches);
    if (over) this.#show({ people: this.#people && ROOMY.matches });
    return over;
  }

  #show({ rooms = false, people = this.#people && ROOMY.matches }) {
    this.#rooms = rooms && NARROW.matches;
    this.#people = people;
    document.body.classList.toggle("drawn", this.#rooms);
    $("menu").ariaExpanded = String(this.#rooms);
    $("sidebar").inert = NARROW.matches && !this.#rooms;
    $("people").hidden = !people;
    $("present").ariaExpanded = String(people);
    $("shade").hidden = !(this.#rooms || (people && !ROOMY.matches));
    if (this.#rooms) $("rooms").querySelector("[aria-current]")?.focus();
    if (people && !ROOMY.matches) $("people").querySelector("header button").focus();
    this.changed();
  }
}
