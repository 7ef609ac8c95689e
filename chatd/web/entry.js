// The way in: a name for a guest, or a user and a password.
// Whether one is let in, and what is kept of it, is chat.js.

import { $, write } from "./elements.js";

const ODD = /[\s!-&(-,/:-@[-^`{-~]/; // what no name has; whether all else may be one, the server says

/** What is wrong with a guest's name, as far as it is plain to see; else "". */
export const unfit = (name) =>
  ODD.test(name) ? "A name has letters, digits and - _ . only, and no spaces." : "";

export class Entry {
  /** `enter` takes { guest } or { user, password }. */
  constructor(enter) {
    write($("entry-host"), location.host);
    $("guest-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const name = $("guest-name").value.trim();
      if (unfit(name)) write($("entry-says"), unfit(name));
      else enter({ guest: name });
    });
    $("account-form").addEventListener("submit", (event) => {
      event.preventDefault();
      enter({ user: $("account-user").value.trim(), password: $("account-password").value });
    });
    $("entry-other").addEventListener("click", () => this.#asGuest($("guest-form").hidden));
  }

  /** Show the way in, and why one stands there again. */
  show({ guest = true, says = "", name = "" } = {}) {
    $("house").hidden = true;
    $("entry").hidden = false;
    document.body.dataset.at = "entry";
    document.title = "chatd";
    if (name) $(guest ? "guest-name" : "account-user").value = name;
    this.busy(false);
    this.#asGuest(guest);
    write($("entry-says"), says);
  }

  hide() {
    $("account-password").value = "";
    $("entry").hidden = true;
    $("house").hidden = false;
    document.body.dataset.at = "house";
  }

  busy(busy) {
    for (const form of [$("guest-form"), $("account-form")]) form.inert = busy;
    $("entry").classList.toggle("busy", busy);
    if (busy) write($("entry-says"), "");
  }

  #asGuest(guest) {
    $("guest-form").hidden = !guest;
    $("account-form").hidden = guest;
    write($("entry-other"), guest ? "I have an account" : "Come in as a guest");
    write($("entry-says"), "");
    const named = guest || !$("account-user").value;
    $(guest ? "guest-name" : named ? "account-user" : "account-password").focus();
  }
}
