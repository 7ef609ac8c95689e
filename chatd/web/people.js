// Who is in the open room.

import { $, clone, write } from "./elements.js";
import { drawAvatar } from "./rows.js";

const order = ({ user, online }) => `${online ? 0 : 1}${user.toLocaleLowerCase()}`;

export class People {
  #shown = ""; #does;

  /** `does.person(user, anchor)` opens what can be done with somebody; `does.invite()` asks whom. */
  constructor(does) {
    this.#does = does;
    $("invite").addEventListener("click", () => does.invite());
  }

  /** Draw the list, if it is another than the one there: it may have the focus. */
  draw(room, me) {
    const people = [...room.crowd.people.values()].sort((a, b) => order(a).localeCompare(order(b)));
    const shown = JSON.stringify([me.name, people]);
    $("invite").hidden = room.direct;
    write($("people-count"), room.crowd.listed ? `${room.crowd.present} here` : "");
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
    line.querySelector(".unseen").textContent = online ? "" : "offline";
    button.disabled = own;
    button.addEventListener("click", () => this.#does.person(user, button));
    return line;
  }
}
