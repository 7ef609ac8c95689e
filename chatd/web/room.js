// One room as this page knows it: its messages, its position in the server's log, who is there.
// Drawing it is view.js; asking the server is chat.js.

const TYPING_MS = 6000; // who said nothing more about typing for so long has stopped

/** A message as the wire has it becomes one that the page keeps and changes. */
function kept(event) {
  return {
    room: event.room,
    seq: event.seq ?? Infinity, // one that is not stored yet comes after all that are
    ts: event.ts,
    user: event.user,
    text: event.text ?? "",
    guest: event.guest ?? false,
    key: event.key ?? null,
    replyTo: event.reply_to ?? null,
    edited: event.edited_ts ?? null,
    deleted: event.deleted ?? false,
    reactions: new Map(Object.entries(event.reactions ?? {}).map(([e, who]) => [e, new Set(who)])),
    state: "final", // or "pending", or "refused" and then `why`
    why: "",
    mine: false,
  };
}

export class Room {
  messages = new Map(); // by seq
  waiting = new Map(); // one's own that are not stored yet, by key
  people = new Map(); // name -> { user, role, online, guest }, once asked for
  typing = new Map(); // name -> when that is over
  present = 0;
  readTold = 0; // how far the server knows of the read marker
  loaded = false; // whether the newest page of history has come
  loading = false;
  more = true; // whether there is history before what we have
  draft = "";
  #told;
  #away = new Set(); // of whom it was said that they went offline
  #changes = []; // what changed while a page of history was under way, which may not know of it

  /**
   * `state` is an answer to join, or a line of the answer to login. `told` hears what to draw:
   * placed(message), removed(message), aside(who, what), cleared(), facts().
   */
  constructor(state, told) {
    this.name = state.room;
    this.kind = state.kind ?? "public";
    this.#told = told;
    this.epoch = state.epoch;
    this.seq = state.seq;
    this.read = 0;
    this.update(state);
  }

  /** Everything but the position: that moves with what is heard, and with nothing else. */
  update({ topic = "", role = "member", read = 0, title = null }) {
    this.topic = topic;
    this.role = role;
    this.title = title;
    this.serverRead(read);
  }

  get direct() {
    return this.kind === "direct";
  }

  /** What to call it: for a room of two, whoever is not oneself. */
  label(me) {
    const names = (this.title ?? "").split(", ").filter((name) => name !== me);
    return this.direct && names[0] ? names.join(", ") : this.name;
  }

  get position() {
    return { epoch: this.epoch, seq: this.seq };
  }

  get oldest() {
    return Math.min(...this.messages.keys());
  }

  get newest() {
    return Math.max(this.seq, ...this.messages.keys());
  }

  /** The server says how far one has read. */
  serverRead(seq) {
    this.readTold = Math.max(this.readTold, seq);
    this.readUpTo(seq);
  }

  /** The read marker only moves forward. */
  readUpTo(seq) {
    this.read = Math.max(this.read, seq);
    this.#told.facts(this);
  }

  /** How many messages of others came after the read marker, and whether there may be more. */
  unread() {
    let count = 0;
    for (const [seq, message] of this.messages) {
      if (seq > this.read && !message.mine && !message.deleted) count += 1;
    }
    return { count, more: count > 0 && this.more && this.read + 1 < this.oldest };
  }

  /** One event of the room's log. Those that were had already change nothing. */
  entry(event, me) {
    if (event.seq <= this.seq) return;
    this.seq = event.seq;
    if (event.type === "message") this.place(event, me);
    else if (event.type === "topic") {
      this.topic = event.topic;
      this.#told.aside(this, event.user, event.topic ? "set the topic" : "cleared the topic");
      this.#told.facts(this);
    } else {
      if (this.loading) this.#changes.push(event);
      this.#change(event);
    }
  }

  /** A message, live or from history, at its one place. */
  place(event, me) {
    const pending = this.waiting.get(event.key);
    const message = this.messages.get(event.seq) ?? pending ?? kept(event);
    if (pending) this.waiting.delete(event.key);
    const { mine } = message;
    Object.assign(message, kept(event), { mine: mine || this.#isMine(event, me) });
    this.messages.set(event.seq, message);
    this.typing.delete(event.user);
    this.#told.placed(this, message);
  }

  #isMine(event, me) {
    return event.user === me.name && (event.guest ?? false) === me.guest;
  }

  /** The server has it: it gets its place, which others may have heard of before or after us. */
  acknowledged(message, { seq, ts }) {
    this.waiting.delete(message.key);
    const there = this.messages.get(seq);
    if (there === message) return;
    if (there) return this.#told.removed(this, message);
    Object.assign(message, { seq, ts, state: "final" });
    this.messages.set(seq, message);
    this.#told.placed(this, message);
  }

  /** One's own message, before the server has it. */
  say(text, key, me) {
    const message = kept({ room: this.name, ts: Date.now(), user: me.name, text, key });
    Object.assign(message, { guest: me.guest, mine: true, state: "pending" });
    this.waiting.set(key, message);
    this.#told.placed(this, message);
    return message;
  }

  refused(message, why) {
    Object.assign(message, { state: "refused", why });
    this.#told.placed(this, message);
  }

  /** Take back what was never stored. */
  unsay(message) {
    this.waiting.delete(message.key);
    this.#told.removed(this, message);
  }

  #change(event) {
    const message = this.messages.get(event.target);
    if (!message) return;
    if (event.type === "edited") {
      Object.assign(message, { text: event.text, edited: event.ts });
    } else if (event.type === "deleted") {
      Object.assign(message, { text: "", deleted: true, reactions: new Map() });
    } else if (event.type === "reaction") {
      const who = message.reactions.get(event.emoji) ?? new Set();
      if (event.on) who.add(event.user);
      else who.delete(event.user);
      if (who.size) message.reactions.set(event.emoji, who);
      else message.reactions.delete(event.emoji);
    }
    this.#told.placed(this, message);
  }

  // --- history ---
  startLoading() {
    this.loading = true;
    this.#changes = [];
  }

  /** A page of history; null when it did not come. */
  stopLoading(page, me) {
    this.loading = false;
    if (!page) return;
    for (const message of page.messages) this.place(message, me);
    for (const event of this.#changes) this.#change(event);
    this.loaded = true;
    this.more = page.more;
  }

  /** The server cannot tell what was missed: only what is not stored yet is still true. */
  restart({ epoch, seq }) {
    const read = Math.min(this.read, seq);
    Object.assign(this, { epoch, seq, read, loaded: false, more: true });
    this.messages.clear();
    this.#told.cleared(this);
    for (const message of this.waiting.values()) this.#told.placed(this, message);
  }

  /** Let go of messages far above, which can be had again. */
  trim(most) {
    if (this.messages.size <= most || this.loading) return;
    const seqs = [...this.messages.keys()].sort((a, b) => a - b);
    for (const seq of seqs.slice(0, -most)) {
      this.#told.removed(this, this.messages.get(seq));
      this.messages.delete(seq);
    }
    this.more = true;
  }

  // --- who is here ---
  roster({ people, present }) {
    this.people = new Map(people.map((person) => [person.user, person]));
    this.present = present;
    this.#told.facts(this);
  }

  /** Coming, going and typing: true for a moment only, and without a place in the log. */
  passing(event, me) {
    const { type, user } = event;
    if (type === "typing") {
      if (event.on && user !== me.name) this.typing.set(user, Date.now() + TYPING_MS);
      else this.typing.delete(user);
    } else if (type === "joined") {
      this.#here(user, true);
      if (user !== me.name) this.#told.aside(this, user, "joined");
    } else if (type === "left") {
      this.#here(user, false);
      this.people.delete(user);
      this.#told.aside(this, user, event.reason === "gone" ? "is gone" : "left");
    } else if (type === "renamed") {
      this.#renamed(user, event.nick);
    } else if (type === "presence") {
      for (const name of event.online) this.#came(name);
      for (const name of event.offline) this.#went(name);
      this.present = event.present;
    }
    this.#told.facts(this);
  }

  /** Nobody is said to be back who was not said to be gone: after a restart all come back. */
  #came(name) {
    this.#here(name, true);
    if (this.#away.delete(name)) this.#told.aside(this, name, "is back");
  }

  #went(name) {
    this.#here(name, false);
    this.#away.add(name);
    this.#told.aside(this, name, "went offline");
  }

  #here(user, online) {
    const person = this.people.get(user) ?? { user, role: "member", online: false, guest: false };
    if (Boolean(person.online) !== online) this.present += online ? 1 : -1;
    this.people.set(user, { ...person, online });
    if (!online) this.typing.delete(user);
  }

  #renamed(user, nick) {
    const person = this.people.get(user);
    this.people.delete(user);
    if (person) this.people.set(nick, { ...person, user: nick });
    this.typing.delete(user);
    this.#told.aside(this, user, `is now ${nick}`);
  }

  /** Who is typing right now. */
  typists() {
    const now = Date.now();
    for (const [name, until] of this.typing) if (until < now) this.typing.delete(name);
    return [...this.typing.keys()];
  }
}
