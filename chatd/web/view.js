// The page as one: it shows what chat.js and the rooms tell it, each in the part that is for it,
// and hands on what the person does. It decides nothing.

import { Banner } from "./banner.js";
import { Composer } from "./composer.js";
import { Ask, Listing } from "./dialogs.js";
import { $, badge, icon, write } from "./elements.js";
import { Entry } from "./entry.js";
import { Finder } from "./finder.js";
import { RoomLog } from "./log.js";
import { close as closeFloating } from "./menu.js";
import { Panels } from "./panels.js";
import { People } from "./people.js";
import { drawAvatar } from "./rows.js";
import { Scroller } from "./scroller.js";
import { Searching } from "./searching.js";
import { Sidebar } from "./sidebar.js";
import { Toolbar } from "./toolbar.js";

const FLASH_MS = 2400;

export class View {
  #does; #logs = new Map(); #open = null; #me = { name: "", guest: true };
  #due = new Set(); #timer = 0; #today = new Date().toDateString();
  #entry; #banner; #sidebar; #people; #panels; #finder; #searching;

  /** `does` has a function for everything that a person can do; see chat.js and deeds.js. */
  constructor(does) {
    this.#does = does;
    this.#entry = new Entry(does.enter);
    this.#banner = new Banner(does.tryNow);
    this.#sidebar = new Sidebar((room) => does.open(room));
    this.composer = new Composer(does);
    this.ask = new Ask();
    this.listing = new Listing();
    this.#people = new People(does);
    this.#finder = new Finder({ ...does, arrived: () => this.#focus() });
    this.#searching = new Searching(does);
    const [log, latest] = [$("log"), $("latest")];
    this.scroller = new Scroller(log, latest, does);
    this.#panels = new Panels(() => this.#open && this.#drawOpen());
    const log_ = () => this.#logs.get(this.#open);
    const find = {
      message: (row) => row && log_()?.messageOf(row),
      beside: (row, by) => log_().beside(row, by),
      last: () => log_()?.list.querySelector("li.message:last-of-type"),
    };
    new Toolbar(log, find, does);
    this.#listen();
  }

  #listen() {
    $("find").addEventListener("click", () => this.#finder.open());
    $("me").addEventListener("click", ({ currentTarget }) => this.#does.selfMenu(currentTarget));
    $("room-menu").addEventListener("click", ({ currentTarget }) => this.#does.roomMenu(currentTarget));
    document.addEventListener("keydown", (event) => this.#pressed(event));
    setInterval(() => this.#drawTyping(), 1000);
    setInterval(() => this.#newDay(), 60_000);
  }

  #pressed(event) {
    if (document.querySelector("dialog[open]") || document.body.dataset.at !== "house") return;
    const { key, altKey, shiftKey } = event;
    const command = event.ctrlKey || event.metaKey;
    if (key === "Escape") return this.#escape();
    if (command && !shiftKey && key.toLowerCase() === "k") this.#finder.open();
    else if (command && shiftKey && key.toLowerCase() === "f") this.search();
    else if (altKey && key === "ArrowDown") this.#sidebar.step(1, shiftKey);
    else if (altKey && key === "ArrowUp") this.#sidebar.step(-1, shiftKey);
    else return undefined;
    return event.preventDefault();
  }

  #escape() {
    if (closeFloating(true)) return;
    this.#panels.close(true);
    this.composer.focus();
  }

  search() {
    this.#panels.open("search");
    this.#searching.focus();
  }

  // --- who one is, and how the line is ---
  entry(why) {
    closeFloating();
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
    this.#entry.show(why);
  }

  busy() {
    this.#entry.busy(true);
  }

  house(server, me) {
    write($("server"), server);
    this.#entry.hide();
    this.me(me);
  }

  me(me) {
    this.#me = me;
    drawAvatar($("me").querySelector(".avatar"), me.name, true);
    write($("me").querySelector(".who"), me.name);
    write($("me").querySelector("small"), me.guest ? "guest" : me.operator ? "operator" : "logged in");
    this.#redraw();
  }

  #redraw() {
    for (const [room, log] of this.#logs) {
      this.scroller.steady(log, () => log.redraw());
      this.facts(room);
    }
  }

  /** What was today is yesterday. */
  #newDay() {
    const today = new Date().toDateString();
    if (today === this.#today) return;
    this.#today = today;
    this.#redraw();
  }

  line(state) {
    this.#banner.line(state);
  }

  toast(text) {
    this.#banner.toast(text);
  }

  // --- what a Room tells (see room.js) ---
  #log(room) {
    if (!this.#logs.has(room)) this.#logs.set(room, new RoomLog(room, this.#context(room)));
    return this.#logs.get(room);
  }

  #context(room) {
    const known = {
      direct: room.direct,
      names: (name) => this.#named(room, name),
      room: (name) => this.#does.roomNamed(name),
    };
    return (message) => ({ me: this.#me, known, actions: this.#does, quoted: this.#quoted(room, message) });
  }

  #named(room, name) {
    if (name.toLowerCase() === this.#me.name.toLowerCase()) return "me";
    return room.crowd.people.has(name) ? "other" : "";
  }

  /** The message that one answers; fetched and drawn later if it is not at hand. */
  #quoted(room, message) {
    const { replyTo } = message;
    if (replyTo === null || message.deleted) return undefined;
    const found = room.messages.get(replyTo) ?? room.quoted.get(replyTo);
    if (!found) this.#does.quoted(room, replyTo, () => this.placed(room, message));
    return found;
  }

  #change(room, change) {
    const log = this.#log(room);
    this.scroller.steady(log, () => change(log));
  }

  placed(room, message) {
    if (message.seq < Infinity && room.messages.get(message.seq) !== message) return;
    this.#change(room, (log) => log.put(message));
    if (room === this.#open && !message.mine && message.seq >= room.seq) this.scroller.news();
    this.facts(room);
  }

  removed(room, message) {
    this.#change(room, (log) => log.drop(message));
  }

  aside(room, who, what) {
    if (room.loaded) this.#change(room, (log) => log.aside(who, what, room.seq));
  }

  notice(room, text) {
    this.#change(room, (log) => log.notice(text, room.seq));
  }

  cleared(room) {
    this.#log(room).clear();
  }

  /** Let many rows come at once, with one look at where the reader is. */
  together(room, change) {
    $("log").ariaBusy = "true"; // what comes from history is not read aloud
    this.#change(room, change);
    $("log").ariaBusy = null;
    if (room === this.#open) {
      this.#begin();
      this.scroller.look();
    }
    this.facts(room);
  }

  /** Something about a room is another than it was: drawn in a moment, with all that follows. */
  facts(room) {
    this.#due.add(room);
    this.#timer ||= setTimeout(() => this.#draw(), 20);
  }

  #draw() {
    this.#timer = 0;
    if (document.body.dataset.at !== "house") return this.#due.clear();
    for (const room of this.#due) this.#sidebar.draw(room, this.#me);
    if (this.#due.has(this.#open)) this.#drawOpen();
    this.#due.clear();
    badge($("elsewhere"), this.#sidebar.unread(this.#open));
    const label = this.#open?.label(this.#me.name) ?? "";
    return this.#does.titled(this.#sidebar.unread(), label, $("server").textContent);
  }

  // --- rooms ---
  /** The rooms one is in, in this order. */
  rooms(rooms) {
    this.#sidebar.list(rooms);
    for (const [room, log] of this.#logs) {
      if (rooms.includes(room)) continue;
      log.list.remove();
      this.#logs.delete(room);
    }
    if (!rooms.includes(this.#open)) this.#open = null;
    for (const room of rooms) this.facts(room);
  }

  open(room) {
    this.keepDraft();
    closeFloating();
    this.#open = room;
    this.#sidebar.mark(room);
    this.scroller.show(this.#log(room));
    this.composer.text = room.draft;
    this.#drawOpen();
    if (this.#panels.narrow || !this.#panels.shows("search")) this.#panels.close();
    this.#focus();
  }

  /** What is being written belongs to its room. */
  keepDraft() {
    if (this.#open) this.#does.drafted(this.#open, this.composer.text);
  }

  /** Ready to write; on a phone that would bring the keyboard up over what one came to read. */
  #focus() {
    if (!this.#panels.narrow) this.composer.focus();
  }

  /** Show where the unread messages begin, and `go` there: to the end when there are none. */
  fresh(room, { go = false } = {}) {
    const log = this.#log(room);
    if (!go && log.hasFresh) return;
    const row = log.markFresh(room.unread.count ? room.read : Infinity);
    if (!go || room !== this.#open) return;
    if (row) this.scroller.to(row);
    else this.scroller.toEnd();
  }

  toEnd(room) {
    if (room === this.#open) this.scroller.toEnd();
  }

  /** Bring a message into the middle and let it be seen which one it is. */
  flash(room, seq) {
    const row = this.#log(room).rowOf(seq);
    if (!row || room !== this.#open) return;
    this.scroller.to(row, { center: true });
    row.classList.add("flash");
    row.focus({ preventScroll: true });
    setTimeout(() => row.classList.remove("flash"), FLASH_MS);
  }

  /** On from a message that is deleted: with keys to the next one, else to where one writes. */
  passOn(seq) {
    const log = this.#logs.get(this.#open);
    const row = document.activeElement.matches(":focus-visible") && log?.rowOf(seq);
    const next = row && log.beside(row, 1);
    (next || (this.#panels.narrow ? $("log") : $("text"))).focus();
  }

  #begin() {
    const room = this.#open;
    const label = room.label(this.#me.name);
    const [title, says] = {
      direct: [[label], `your talk with ${label}.`],
      private: [[icon("lock"), label], "this private room. Who is not invited does not see it."],
    }[room.kind] ?? [[`#${label}`], "this room."];
    const begins = room.loaded && !room.older;
    if (begins !== this.#log(room).begins) this.#change(room, (log) => log.begin(begins, title, says));
    $("log").classList.toggle("loading", !room.loaded);
  }

  #drawOpen() {
    const room = this.#open;
    const label = room.label(this.#me.name);
    write($("room-name"), label);
    $("room").dataset.kind = room.kind;
    write($("topic"), room.topic);
    write($("present").querySelector("span"), String(room.crowd.present));
    $("present").ariaLabel = `${room.crowd.present} here, show people`;
    $("present").hidden = !room.crowd.present;
    this.#begin();
    const silent = room.readOnly && !room.direct && !this.#does.moderates(room);
    this.composer.address(`Message ${room.direct ? label : `#${label}`}`,
      silent ? "Only moderators speak in this room" : "");
    this.#drawTyping();
    if (!$("people").hidden) this.#people.draw(room, this.#me);
  }

  #drawTyping() {
    if (!this.#open) return;
    const names = this.#open.crowd.typists();
    const who = names.length > 3 ? "Several people" : names.join(names.length > 2 ? ", " : " and ");
    const typing = names.length ? `${who} ${names.length > 1 ? "are" : "is"} typing` : "";
    write($("typing"), typing);
    const { slow } = this.#open;
    write($("slow"), slow && !typing ? `Slow mode: one message in ${slow} s` : "");
  }

  /** Put a text back where it can be changed. */
  write(text) {
    this.composer.text = text;
    this.composer.focus();
  }
}
