// Who is in a room, and who types there. All of it is a hint: true for a moment, and not kept.

const TYPING_MS = 6000; // who said nothing more about typing for so long has stopped

export class Crowd {
  people = new Map(); // name -> { user, role, online, guest }, once asked for
  present = 0;
  listed = false; // whether the list was asked for
  #typing = new Map(); // name -> when that is over
  #away = new Set(); // of whom it was said that they went offline

  /** The answer to `who`. */
  list({ people, present }) {
    this.people = new Map(people.map((person) => [person.user, person]));
    this.present = present;
    this.listed = true;
  }

  /** What happened, as lines to be said aside: [name, what]. */
  heard(event, me) {
    const { type, user } = event;
    if (type === "typing") this.#types(user, event.on && user !== me.name);
    else if (type === "joined") return this.#joined(event, me);
    else if (type === "left") return this.#left(user, event.reason);
    else if (type === "renamed") return this.#renamed(user, event.nick);
    else if (type === "presence") return this.#presence(event);
    return [];
  }

  #types(user, on) {
    if (on) this.#typing.set(user, Date.now() + TYPING_MS);
    else this.#typing.delete(user);
  }

  #joined({ user, guest }, me) {
    this.#here(user, true, guest);
    return user === me.name ? [] : [[user, "joined"]];
  }

  #left(user, reason) {
    this.#here(user, false);
    this.people.delete(user);
    const what = { gone: "is gone", kicked: "was put out", banned: "was banned" }[reason] ?? "left";
    return [[user, what]];
  }

  #renamed(user, nick) {
    const person = this.people.get(user);
    this.people.delete(user);
    if (person) this.people.set(nick, { ...person, user: nick });
    this.#typing.delete(user);
    return [[user, `is now ${nick}`]];
  }

  /** Nobody is said to be back who was not said to be gone: after a restart all come back. */
  #presence({ online, offline, guests = [], present }) {
    const back = online.filter((name) => this.#away.delete(name));
    for (const name of online) this.#here(name, true, guests.includes(name));
    for (const name of offline) {
      this.#here(name, false);
      this.#away.add(name);
    }
    this.present = present;
    const said = (names, what) => names.map((name) => [name, what]);
    return [...said(back, "is back"), ...said(offline, "went offline")];
  }

  #here(user, online, guest) {
    const person = this.people.get(user) ?? { user, role: "member", online: false };
    if (Boolean(person.online) !== online) this.present += online ? 1 : -1;
    this.people.set(user, { ...person, online, guest: online ? guest : person.guest });
    if (!online) this.#typing.delete(user);
  }

  /** A message says by itself that its author types no more. */
  spoke(user) {
    this.#typing.delete(user);
  }

  /** Who is typing right now. */
  typists() {
    const now = Date.now();
    for (const [name, until] of this.#typing) if (until < now) this.#typing.delete(name);
    return [...this.#typing.keys()];
  }
}
