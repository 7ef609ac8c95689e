// The chat: who one is, the rooms one is in, which one is open, and what is heard. It joins the
// line (connection.js), what is known (room.js, keeping.js) and what is seen (view.js).

import { Connection, Lost, Refusal } from "./connection.js";
import { Deeds, worded } from "./deeds.js";
import { Hearing } from "./hearing.js";
import { Identity } from "./identity.js";
import * as keeping from "./keeping.js";
import { Moderation } from "./moderation.js";
import { Notices, looked } from "./notices.js";
import { Outbox } from "./outbox.js";
import { Places } from "./places.js";
import { Reader } from "./reader.js";
import { Room } from "./room.js";
import { linkTo } from "./rows.js";
import { Signals } from "./signals.js";
import { View } from "./view.js";

const NOT_LET_IN = new Set(["login_failed", "guests_off", "name_taken", "emergency", "banned"]);
const NEAR = 40; // unread messages that the newest page holds for sure

export class Chat {
  rooms = new Map(); // by name
  current = null;
  lobby = "lobby";
  #settled = false; // whether what is seen of the open room is in its place
  here = false; // whether this page has been let in
  #entering = new Map(); // rooms on their way, by name

  constructor() {
    const address = new URL("ws", document.baseURI.replace(/#.*/, ""));
    address.protocol = address.protocol.replace("http", "ws");
    this.line = new Connection(address, {
      greet: (welcome) => this.#greet(welcome),
      heard: (event) => this.hearing.heard(event),
      changed: (state) => this.#changed(state),
    });
    this.outbox = new Outbox(this.line, this.rooms);
    this.identity = new Identity(this.line);
    this.signals = new Signals(this.line, this.rooms);
    const came = (room, draw) => this.view.together(room, draw);
    this.reader = new Reader(this.line, this.identity, { failed: this.failed, came });
    this.places = new Places(this);
    this.hearing = new Hearing(this);
    this.view = new View(this.#does());
    Object.assign(this, this.#made());
  }

  #does() {
    const later = (name) => (...given) => this.deeds[name](...given);
    const deeds = [
      ...["say", "typing", "last", "names", "react", "pick", "reply", "edit", "again", "discard"],
      ...["rewrite", "show", "more", "person", "invite", "roomMenu", "selfMenu"],
    ];
    return {
      ...Object.fromEntries(deeds.map((name) => [name, later(name)])),
      ...this.places.does,
      enter: (wanted) => this.#enter(wanted),
      open: (room) => this.open(room, { push: true }),
      tryNow: () => this.line.open(),
      reached: (end) => this.#reached(end),
      toLatest: () => this.#toLatest(),
      quoted: (room, seq, draw) => this.reader.quoted(room, seq, draw),
      moderates: (room) => this.order.moderates(room),
      titled: (...facts) => this.notices.title(...facts),
      drafted: (room, text) => this.#drafted(room, text),
      me: () => this.me,
    };
  }

  #made() {
    const notices = new Notices((room, seq) => this.show(room.name, seq));
    const order = new Moderation(this, this.view);
    const { view, outbox, signals } = this;
    return { notices, order, deeds: new Deeds(this, { view, outbox, signals, notices, order }) };
  }

  get me() {
    return this.identity.me;
  }

  // --- coming in ---
  begin() {
    if (this.identity.known) this.line.open();
    else this.view.entry({ guest: this.identity.guest, name: this.identity.name });
  }

  #enter(wanted) {
    this.identity.claim(wanted);
    this.view.busy();
    this.line.open();
  }

  /** Log in, and be in all rooms again: called at every new line. */
  async #greet(welcome) {
    this.lobby = welcome.lobby;
    const resume = Object.fromEntries([...this.rooms.values()].map((r) => [r.name, r.position]));
    const before = this.me.name;
    const answer = await this.identity.login(resume, this.here);
    if (!this.here) this.view.house(welcome.server, this.me);
    else if (before !== this.me.name) {
      this.view.me(this.me);
      this.toast(`The name ${before} was taken meanwhile: you are ${this.me.name} now`);
    }
    const states = answer.rooms ?? [];
    for (const state of states) this.attend(state);
    for (const room of [...this.rooms.values()]) {
      if (!states.some(({ room: name }) => name === room.name)) this.drop(room);
    }
    if (!this.here) await this.#arrive(welcome);
    else if (!this.current) this.open(await this.join(this.lobby));
    this.remember();
  }

  /** The first time on this page: the rooms of last time, or the lobby. */
  async #arrive(welcome) {
    await this.places.back(this.identity.rooms);
    if (!this.rooms.size || !keeping.lastRoom()) await this.join(this.lobby).catch(this.unlessLost);
    await this.reader.unread(this.rooms);
    const drafts = keeping.drafts();
    for (const room of this.rooms.values()) room.draft = drafts[room.name] ?? "";
    for (const { room, ...wire } of keeping.unsent()) {
      if (this.rooms.has(room)) this.outbox.add(this.rooms.get(room).say(wire, this.me));
    }
    this.here = true;
    if (welcome.motd) this.toast(welcome.motd);
  }

  async #openFirst() {
    if (await this.places.addressed()) return;
    const last = this.rooms.get(keeping.lastRoom()) ?? this.rooms.get(this.lobby);
    this.open(last ?? this.rooms.values().next().value);
  }

  unlessLost = (error) => {
    if (!(error instanceof Refusal)) throw error;
  };

  #changed(state) {
    this.view.line(state);
    if (state.name === "online") {
      this.outbox.wake();
      this.#refresh();
    } else if (state.name === "stopped" && (!this.here || NOT_LET_IN.has(state.code))) {
      this.goOut(state);
    } else if (state.name === "offline" && !this.here) {
      this.goOut({ why: "The server does not answer just now. Try again in a moment." });
    }
  }

  /** Back to the way in, with the reason if it was not one's own wish. */
  goOut({ code, why = "" } = {}) {
    if (!why && this.line.online) this.line.ask({ type: "quit" }).catch(() => {});
    this.line.close();
    this.here = false;
    this.current = null;
    this.rooms.clear();
    this.outbox.clear();
    this.view.rooms([]);
    const { guest, name } = this.identity;
    this.view.entry({ guest: guest && code !== "guests_off", says: why, name });
    if (!why) this.identity.forget();
  }

  // --- rooms ---
  attend(state) {
    const known = this.rooms.get(state.room);
    if (known) known.update(state);
    else this.rooms.set(state.room, new Room(state, this.view));
    this.view.rooms(this.places.inOrder());
    return this.rooms.get(state.room);
  }

  /** Be in a room. Asked for twice at once, it is asked once. */
  join(name, command = { type: "join" }, news = Infinity) {
    const asked =
      this.#entering.get(name) ??
      this.#enterBy({ ...command, room: name }, news).finally(() => this.#entering.delete(name));
    this.#entering.set(name, asked);
    return asked;
  }

  /** What was said before one came is not news; `news` is the seq after which it is. */
  async #enterBy(command, news = Infinity) {
    const state = await this.line.ask(command);
    const known = this.rooms.has(state.room);
    const room = this.attend(state);
    if (!known) room.readUpTo(Math.min(state.seq, news));
    this.signals.tellRead(); // before the server is asked what is unread
    if (!known && room.read < room.seq) this.reader.unread(this.rooms);
    this.remember();
    return room;
  }

  direct(user) {
    const opened = this.#enterBy({ type: "direct", user });
    return opened.then((room) => this.open(room, { push: true }), this.failed);
  }

  leave(room) {
    this.line.ask({ type: "leave", room: room.name }).then(() => this.drop(room), this.failed);
  }

  drop(room) {
    this.rooms.delete(room.name);
    this.view.rooms(this.places.inOrder());
    this.remember();
    if (room !== this.current) return;
    this.current = null;
    const next = this.rooms.get(this.lobby) ?? this.rooms.values().next().value;
    if (next) this.open(next);
    else if (this.line.online) this.join(this.lobby).then((lobby) => this.open(lobby), this.failed);
  }

  /** Look at a room: where one was in it, or where the unread messages begin. */
  async open(room, { push = false } = {}) {
    this.places.put(linkTo(room.name), push);
    this.#turn(room);
    await this.settle(room);
  }

  #reached(end) {
    if (end === "end") this.seen();
    else if (this.#settled) this.reader.more(this.current, end);
  }

  /** Turn the page to another room. Nothing of it counts as seen before it is in its place. */
  #turn(room) {
    if (this.current && this.current !== room) this.signals.typing(this.current, false);
    this.#settled = false;
    this.view.open(room);
    this.current = room;
    keeping.setLastRoom(room.name);
    this.reader.roster(room);
  }

  /** Have something to show of a room, and show it from the right place. */
  async settle(room) {
    const wasLoaded = room.loaded;
    const { count, more } = room.unread;
    if (!wasLoaded && count && (more || count > NEAR)) await this.reader.around(room, room.read);
    else await this.reader.load(room);
    if (room !== this.current || !room.loaded) return;
    this.#settled = true;
    this.view.fresh(room, { go: !wasLoaded || count > 0 });
    this.seen();
  }

  /** Look at one message. */
  async show(name, seq) {
    try {
      const room = this.rooms.get(name) ?? (await this.join(name));
      if (seq === undefined) return await this.open(room, { push: true });
      this.places.put(linkTo(room.name, seq), true);
      if (room !== this.current) this.#turn(room);
      this.#settled = false;
      const found = await this.reader.around(room, seq);
      this.#settled = true;
      if (found) this.view.flash(room, seq);
      else this.toast("This message is not there any more");
    } catch (error) {
      this.failed(error);
    }
    return undefined;
  }

  async #toLatest() {
    const { current: room } = this;
    if (room.newer) await this.reader.latest(room);
    this.view.toEnd(room);
  }

  #drafted(room, text) {
    if (room.draft !== text) keeping.setDraft(room.name, text);
    room.draft = text;
  }

  remember() {
    if (this.here) this.identity.remember([...this.rooms.values()]);
  }

  /** After a new line: what may have changed without an event, and what was not loaded. */
  async #refresh() {
    const { current: room } = this;
    if (!room) return void this.#openFirst();
    this.reader.roster(room);
    if (!room.loaded) await this.settle(room);
    this.seen();
    this.signals.tellRead();
  }

  /** One has another name, chosen on this page or on another of one's own. */
  named(name, token) {
    this.identity.rename(name, token);
    this.view.me(this.me);
    this.remember();
  }

  /** Whoever looks at the end of the open room has read it. */
  seen = () => {
    const { current: room } = this;
    if (!this.#settled || !looked() || !room?.loaded || !this.view.scroller.atEnd) return;
    if (room.read < room.seq) {
      this.signals.read(room);
      this.remember();
    }
  };

  // --- asking ---
  toast(text) {
    if (text) this.view.toast(text);
  }

  /** A line that breaks says so in its banner, and all is asked again; a refusal is told. */
  failed = (error) => {
    if (error instanceof Refusal) this.toast(error.message);
    else if (!(error instanceof Lost)) throw error;
  };

  /** Ask for something; gives what is wrong, or "". */
  command(command) {
    return this.line.ask(command).then(() => "", worded);
  }

  /** Ask for something; gives the answer, or null when it was told what is wrong. */
  answer(command) {
    return this.line.ask(command).catch((error) => {
      this.toast(worded(error));
      return null;
    });
  }

  /** Ask for something whose outcome is seen by itself; tell only what is wrong. */
  async tell(command) {
    this.toast(await this.command(command));
  }
}

const chat = new Chat();
addEventListener("online", () => chat.line.nudge());
addEventListener("focus", chat.seen);
addEventListener("pagehide", () => chat.view.keepDraft());
addEventListener("hashchange", () => chat.places.addressed());
keeping.whenForgotten(() => chat.identity.known && chat.goOut());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return void chat.view.keepDraft();
  chat.line.nudge();
  chat.seen();
});
chat.begin();
