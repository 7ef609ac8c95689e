// The page as one: it shows what chat.js and the rooms tell it, each in the part that is for it,
// and hands on what the person does. It decides nothing.

import { Banner } from "./banner.js";
import { Composer } from "./composer.js";
import { Finder, Self } from "./dialogs.js";
import { $, badge, write } from "./elements.js";
import { Entry } from "./entry.js";
import { RoomLog, Scroller } from "./log.js";
import { Panels, People } from "./people.js";
import { drawAvatar } from "./rows.js";
import { Sidebar } from "./sidebar.js";

export class View {
  #does; #logs = new Map(); #open = null; #me = { name: "", guest: true };
  #due = new Set(); #timer = 0; #today = new Date().toDateString();

  /** `does` has a function for everything that a person can do; see the end of chat.js. */
  constructor(does) {
    this.#does = does;
    this.#entry = new Entry(does.enter);
    this.#banner = new Banner(does.tryNow);
    this.#sidebar = new Sidebar(does.open);
    this.#composer = new Composer(does);
    this.#people = new People(does.direct);
    this.#panels = new Panels(() => this.#open && this.#drawOpen());
    this.#finder = new Finder(does, () => this.#focus());
    this.#self = new Self(does);
    this.scroller = new Scroller($("log"), $("latest"), does.reached);
    $("find").addEventListener("click", () => this.#finder.open());
    $("me").addEventListener("click", () => this.#self.open(this.#me));
    $("leave").addEventListener("click", () => does.leave(this.#open));
    document.addEventListener("keydown", (event) => this.#pressed(event));
    setInterval(() => this.#open?.typing.size && this.#drawTyping(), 1000);
    setInterval(() => this.#newDay(), 60_000);
  }

  #entry; #banner; #sidebar; #composer; #people; #panels; #finder; #self;

  #pressed(event) {
    if (document.querySelector("dialog[open]") || document.body.dataset.at !== "house") return;
    const { key } = event;
    if (key === "Escape" && this.#panels.close()) this.#composer.focus();
    else if (key === "k" && (event.ctrlKey || event.metaKey)) this.#finder.open();
    else if (event.altKey && key === "ArrowDown") this.#sidebar.step(1);
    else if (event.altKey && key === "ArrowUp") this.#sidebar.step(-1);
    else return;
    event.preventDefault();
  }

  // --- who one is, and how the line is ---
  entry(why) {
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
    write($("me").querySelector("small"), me.guest ? "guest" : "logged in");
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
    if (!this.#logs.has(room)) {
      const context = ({ replyTo }) => ({
        me: this.#me,
        quoted: room.messages.get(replyTo),
        actions: this.#does,
      });
      this.#logs.set(room, new RoomLog(context));
    }
    return this.#logs.get(room);
  }

  #change(room, change) {
    const log = this.#log(room);
    this.scroller.steady(log, () => change(log));
  }

  placed(room, message) {
    this.#change(room, (log) => log.put(message));
    if (room === this.#open && !message.mine && message.seq >= room.seq) this.scroller.news();
    this.facts(room);
  }

  removed(room, message) {
    this.#change(room, (log) => log.drop(message));
  }

  aside(room, who, what) {
    this.#change(room, (log) => log.aside(who, what, room.newest));
  }

  notice(room, text) {
    this.#change(room, (log) => log.notice(text, room.newest));
  }

  cleared(room) {
    this.#log(room).clear();
    if (room === this.#open) this.scroller.toEnd();
  }

  /** Let many rows come at once, with one look at where the reader is. */
  together(room, change) {
    $("log").ariaBusy = "true"; // what comes from history is not read aloud
    this.#change(room, change);
    $("log").ariaBusy = null;
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
    const { count, more } = this.#sidebar.unread();
    const label = this.#open?.label(this.#me.name) ?? "";
    const unread = count ? `(${count}${more ? "+" : ""}) ` : "";
    document.title = `${unread}${label} · ${$("server").textContent}`;
    return undefined;
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
    if (this.#open) this.#open.draft = this.#composer.text;
    this.#open = room;
    this.#sidebar.mark(room);
    const log = this.#log(room);
    log.markFresh(room.unread().count ? room.read : Infinity);
    this.scroller.show(log);
    this.#composer.text = room.draft;
    this.#drawOpen();
    this.#panels.close();
    this.#focus();
  }

  /** Ready to write; on a phone that would bring the keyboard up over what one came to read. */
  #focus() {
    if (!this.#panels.narrow) this.#composer.focus();
  }

  #drawOpen() {
    const room = this.#open;
    const label = room.label(this.#me.name);
    write($("room-name"), label);
    $("room").dataset.kind = room.kind;
    write($("topic"), room.topic);
    write($("present").querySelector("span"), String(room.present));
    $("present").ariaLabel = `${room.present} here, show people`;
    $("present").hidden = !room.present;
    $("leave").hidden = room.direct;
    this.#log(room).begin(room.loaded && !room.more, room.direct ? label : `#${label}`);
    this.#composer.address(`Message ${room.direct ? label : `#${label}`}`);
    this.#drawTyping();
    if (!$("people").hidden) this.#people.draw(room, this.#me);
  }

  #drawTyping() {
    const names = this.#open.typists();
    const who = names.length > 3 ? "Several people" : names.join(names.length > 2 ? ", " : " and ");
    write($("typing"), names.length ? `${who} ${names.length > 1 ? "are" : "is"} typing` : "");
  }

  /** Put a text back where it can be changed. */
  write(text) {
    this.#composer.text = text;
    this.#composer.focus();
  }
}
