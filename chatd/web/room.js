// One room as this page knows it: a window on its log, its position in it, what is unread.
// Drawing it is view.js; asking the server is reader.js; who is in it is crowd.js.

import { Crowd } from "./crowd.js";
import { calls, change, kept } from "./message.js";

const MOST = 240; // messages that the window holds: what scrolls out at one end is let go

export class Room {
  messages = new Map(); // by seq: the window
  waiting = new Map(); // one's own that are not stored yet, by key
  quoted = new Map(); // by seq: messages outside of the window that others answer
  crowd = new Crowd();
  readTold = 0; // how far the server knows of the read marker
  loaded = false; // whether there is a window at all
  loading = false;
  older = true; // whether there is history before the window
  newer = false; // whether there is history after it
  unread = { count: 0, mentions: 0, more: false };
  draft = "";
  #told;
  #meanwhile = []; // what was heard while a page was under way, which may not know of it

  /**
   * `state` is an answer to join, or a line of the answer to login. `told` hears what to draw:
   * placed(message), removed(message), aside(who, what), cleared(), facts().
   */
  constructor(state, told) {
    this.name = state.room;
    this.#told = told;
    this.epoch = state.epoch;
    this.seq = state.seq;
    this.read = 0;
    this.update(state);
  }

  /** Everything but the position: that moves with what is heard, and with nothing else. */
  update(state) {
    const { kind = "public", topic = "", role = "member", title = null } = state;
    const { slow = 0, read_only: readOnly = false, read = 0 } = state;
    Object.assign(this, { kind, topic, role, title, slow, readOnly });
    this.serverRead(read);
  }

  get direct() {
    return this.kind === "direct";
  }

  get private() {
    return this.kind === "private";
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
    return Math.max(...this.messages.keys());
  }

  // --- what is read ---
  /** The server says how far one has read. */
  serverRead(seq) {
    this.readTold = Math.max(this.readTold, seq);
    this.readUpTo(seq);
  }

  /** The read marker only moves forward. */
  readUpTo(seq) {
    const moved = seq > this.read;
    this.read = Math.max(this.read, seq);
    if (moved) this.#recount();
    this.#told.facts(this);
  }

  /** What the server has counted. */
  counted({ count = 0, mentions = 0, more = false } = {}) {
    this.unread = { count, mentions, more };
    this.#told.facts(this);
  }

  #recount() {
    if (this.read >= this.seq) return this.counted();
    const whole = this.loaded && !this.newer && (!this.older || this.oldest <= this.read + 1);
    if (!whole) return undefined; // the count is then too high, until all is read
    const news = [...this.messages.values()].filter((m) => m.seq > this.read && this.#isNews(m));
    return this.counted({ count: news.length, mentions: news.filter((m) => m.calling).length });
  }

  #isNews(message) {
    return !message.mine && !message.deleted;
  }

  // --- the log ---
  /** One event of the room's log. Those that were had already change nothing. */
  entry(event, me) {
    if (event.seq <= this.seq) return null;
    this.seq = event.seq;
    if (this.loading) this.#meanwhile.push(event);
    if (event.type === "message") return this.#said(event, me);
    if (event.type === "topic") {
      this.topic = event.topic;
      this.aside(event.user, event.topic ? "set the topic" : "cleared the topic");
      this.#told.facts(this);
    } else this.#change(event);
    return null;
  }

  /** A live message: counted, and placed where its place is in sight. */
  #said(event, me) {
    this.crowd.spoke(event.user);
    const message = this.#made(event, me);
    if (!message.mine) {
      const { count, mentions, more } = this.unread;
      this.counted({ count: count + 1, mentions: mentions + (message.calling ? 1 : 0), more });
    }
    if ((this.loaded || this.loading) && !this.newer) this.#put(message);
    else if (message.state === "final") this.#told.removed(this, message);
    return message;
  }

  #made(event, me) {
    const pending = this.waiting.get(event.key);
    const message = this.messages.get(event.seq) ?? pending ?? kept(event);
    if (pending) this.waiting.delete(event.key);
    const mine = message.mine || (event.user === me.name && (event.guest ?? false) === me.guest);
    const calling = !mine && (this.direct || calls(event.text ?? "", me.name));
    return Object.assign(message, kept(event), { mine, calling });
  }

  #put(message) {
    this.messages.set(message.seq, message);
    this.#told.placed(this, message);
  }

  /** The server has it: it gets its place, which others may have heard of before or after us. */
  acknowledged(message, { seq, ts }) {
    this.waiting.delete(message.key);
    const there = this.messages.get(seq);
    if (there === message) return;
    Object.assign(message, { state: "final" });
    if (there || this.newer) return void this.#told.removed(this, message);
    Object.assign(message, { seq, ts });
    this.#put(message);
  }

  /** One's own message, before the server has it. */
  say({ text, key, replyTo = null }, me) {
    const wire = { room: this.name, ts: Date.now(), user: me.name, text, key, reply_to: replyTo };
    const message = Object.assign(kept(wire), { guest: me.guest, mine: true, state: "pending" });
    this.waiting.set(key, message);
    this.#told.placed(this, message);
    return message;
  }

  refused(message, why) {
    Object.assign(message, { state: "refused", why });
    this.#told.placed(this, message);
  }

  /** It will be tried again. */
  again(message) {
    Object.assign(message, { state: "pending", why: "" });
    this.#told.placed(this, message);
  }

  /** Take back what was never stored. */
  unsay(message) {
    this.waiting.delete(message.key);
    this.#told.removed(this, message);
  }

  #change(event) {
    const outside = this.quoted.get(event.target);
    if (outside) change(outside, event);
    const message = this.messages.get(event.target);
    if (message) change(message, event);
    if (event.type === "deleted") this.#recount();
    for (const each of this.messages.values()) {
      if (each === message || each.replyTo === event.target) this.#told.placed(this, each);
    }
  }

  /** Of many who reacted only the first are named; now this one is known, too. */
  named(target, emoji, user) {
    this.#change({ type: "reaction", target, emoji, user, on: true, counted: true });
  }

  // --- pages of history ---
  startLoading() {
    this.loading = true;
    this.#meanwhile = [];
  }

  /** A page that goes on from the window at one end: "older" or "newer"; null: it did not come. */
  stopLoading(page, end, me) {
    this.loading = false;
    if (!page) return;
    for (const message of page.messages) this.#put(this.#made(message, me));
    if (end === "older") this.older = page.more;
    else this.newer = page.more;
    this.#catchUp(me);
    this.loaded = true;
    this.#trim(end === "older" ? "newer" : "older");
    this.#recount();
  }

  /** Another window: a page, and what there is on either side of it. */
  startOver(page, { older, newer }, me) {
    this.loading = false;
    this.messages.clear();
    this.#told.cleared(this);
    Object.assign(this, { older, newer, loaded: true });
    for (const message of page) this.#put(this.#made(message, me));
    this.#catchUp(me);
    for (const message of this.waiting.values()) this.#told.placed(this, message);
    this.#recount();
  }

  /** What was heard while the page was under way. */
  #catchUp(me) {
    for (const event of this.#meanwhile) {
      if (event.type !== "message") this.#change(event);
      else if (!this.newer) this.#put(this.#made(event, me));
    }
    this.#meanwhile = [];
  }

  /** Live messages make the window grow, too. */
  trim() {
    if (!this.loading) this.#trim("older");
  }

  #trim(end) {
    const over = this.messages.size - MOST;
    if (over <= 0) return;
    const seqs = [...this.messages.keys()].sort((a, b) => a - b);
    for (const seq of end === "older" ? seqs.slice(0, over) : seqs.slice(-over)) {
      this.#told.removed(this, this.messages.get(seq));
      this.messages.delete(seq);
    }
    this[end] = true;
  }

  /** The server cannot tell what was missed: only what is not stored yet is still true. */
  restart({ epoch, seq }) {
    const read = Math.min(this.read, seq);
    Object.assign(this, { epoch, seq, read, loaded: false, older: true, newer: false });
    this.messages.clear();
    this.quoted.clear();
    this.#told.cleared(this);
    for (const message of this.waiting.values()) this.#told.placed(this, message);
  }

  // --- who is here ---
  roster(list, me) {
    this.crowd.list(list);
    const { slow = 0, read_only: readOnly = false } = list;
    const role = this.crowd.people.get(me.name)?.role ?? this.role;
    Object.assign(this, { slow, readOnly, role });
    this.#told.facts(this);
  }

  /** Coming, going and typing: true for a moment only, and without a place in the log. */
  passing(event, me) {
    for (const [name, what] of this.crowd.heard(event, me)) this.aside(name, what);
    this.#told.facts(this);
  }

  /** Said beside the log, at its end: nobody sees that who reads far above it. */
  aside(name, what) {
    if (!this.newer) this.#told.aside(this, name, what);
  }
}
