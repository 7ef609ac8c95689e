// Who one is: a guest with a token, or an account that comes back with one. A password is only in
// this page's memory, until the server has given a token for it.

import * as keeping from "./keeping.js";

export class Identity {
  /** As the server calls one. */
  me = { name: "", guest: true, operator: false };
  #line;
  #who; // { name, token, rooms } of a guest, or { user, password, back } of an account

  constructor(line) {
    this.#line = line;
    this.#who = keeping.anybody() ?? {};
  }

  /** Whether one can come in again without being asked. */
  get known() {
    return Boolean(this.#who.token || this.#who.back);
  }

  get guest() {
    return !this.#who.user;
  }

  get name() {
    return this.#who.user ?? this.#who.name ?? "";
  }

  /** The rooms a guest was in the last time: name -> { epoch, read }. */
  get rooms() {
    return this.#who.rooms ?? {};
  }

  /** What one typed at the door: { guest } or { user, password }. */
  claim({ guest, user, password }) {
    const { token } = keeping.anybody() ?? {};
    this.#who = user ? { user, password } : { name: guest, token };
  }

  /**
   * The answer to a log-in. A guest whose token is good no more becomes another guest; one who was
   * `here`, and whose name somebody else has taken meanwhile, gets another name. One who is muted
   * keeps the name under which the server knows them.
   */
  async login(resume, here) {
    const answer = await this.#asked(resume, here);
    const { user: name, guest = false, operator = false } = answer;
    this.me = { name, guest, operator };
    if (guest) Object.assign(this.#who, { name, token: answer.guest_token });
    else if (answer.return_token) this.#who = { user: name, back: answer.return_token };
    return answer;
  }

  async #asked(resume, here) {
    const { user, password, back } = this.#who;
    if (user && back) return this.#line.ask({ type: "login", return_token: back, resume });
    if (user) return this.#line.ask({ type: "login", user, password, resume });
    for (;;) {
      const { name, token } = this.#who;
      const asked = { type: "login", guest: name || undefined, guest_token: token, resume };
      try {
        return await this.#line.ask(asked);
      } catch (error) {
        if (error.code === "login_failed" && token) this.#who.token = undefined;
        else if (error.code === "name_taken" && here && name) this.#who.name = "";
        else if (error.code === "muted" && token && name) this.#who.name = "";
        else throw error;
      }
    }
  }

  rename(name, token = this.#who.token) {
    this.me = { ...this.me, name };
    Object.assign(this.#who, { name, token });
  }

  /** Keep it for the next time. */
  remember(rooms) {
    const lasting = rooms.filter((room) => !room.direct);
    const places = lasting.map(({ name, epoch, read }) => [name, { epoch, read }]);
    this.#who.rooms = Object.fromEntries(places);
    keeping.keep(this.#who);
  }

  forget() {
    this.#who = {};
    keeping.forget();
  }
}
