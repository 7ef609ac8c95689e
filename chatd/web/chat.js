// The chat: who one is, the rooms one is in, what is said and heard. It joins the line
// (connection.js), what is known (room.js, keeping.js) and what is seen (view.js).

import { Connection, Lost, Refusal } from "./connection.js";
import { Identity } from "./identity.js";
import * as keeping from "./keeping.js";
import { Outbox } from "./outbox.js";
import { Reader } from "./reader.js";
import { Room } from "./room.js";
import { Signals } from "./signals.js";
import { View } from "./view.js";

const NOT_LET_IN = new Set(["login_failed", "guests_off", "name_taken"]);
const MOST = 500; // messages of one room kept on the page, unless one reads above

let lobby = "lobby";
let here = false; // whether this page has been let in
let current = null;
const rooms = new Map(); // by name
const entering = new Map(); // rooms on their way, by name

const address = new URL("ws", document.baseURI);
address.protocol = address.protocol.replace("http", "ws");
const line = new Connection(address, { greet, heard, changed });
const outbox = new Outbox(line, rooms);
const identity = new Identity(line);
const signals = new Signals(line, rooms);
const reader = new Reader(line, identity, { failed, came });

// --- coming in ---

function enter(wanted) {
  identity.claim(wanted);
  view.busy();
  line.open();
}

/** Log in, and be in all rooms again: called at every new line. */
async function greet(welcome) {
  lobby = welcome.lobby;
  const resume = Object.fromEntries([...rooms.values()].map((room) => [room.name, room.position]));
  const before = identity.me.name;
  const answer = await identity.login(resume, here);
  if (!here) view.house(welcome.server, identity.me);
  else if (before !== identity.me.name) {
    view.me(identity.me);
    view.toast(`The name ${before} was taken meanwhile: you are ${identity.me.name} now`);
  }
  for (const state of answer.rooms ?? []) attend(state);
  for (const room of [...rooms.values()]) {
    if (!(answer.rooms ?? []).some(({ room: name }) => name === room.name)) drop(room);
  }
  if (!here) await arrive(welcome);
  else if (!current) open(await join(lobby));
  remember();
}

/** The first time on this page: the rooms of last time, or the lobby. */
async function arrive(welcome) {
  const last = keeping.lastRoom();
  for (const name of identity.rooms) await join(name).catch(unlessLost);
  if (!rooms.size) await join(lobby);
  else if (!last) await join(lobby).catch(unlessLost);
  open(rooms.get(last) ?? rooms.get(lobby) ?? rooms.values().next().value);
  if (welcome.motd) view.toast(welcome.motd);
  for (const { room, text, key } of keeping.unsent()) {
    if (rooms.has(room)) outbox.add(rooms.get(room).say(text, key, identity.me));
  }
  here = true;
}

function unlessLost(error) {
  if (!(error instanceof Refusal)) throw error;
}

function changed(state) {
  view.line(state);
  if (state.name === "online") {
    outbox.wake();
    refresh();
  } else if (state.name === "stopped" && (!here || NOT_LET_IN.has(state.code))) {
    goOut(state);
  } else if (state.name === "offline" && !here) {
    goOut({ why: "The server does not answer just now. Try again in a moment." });
  }
}

/** Back to the way in, with the reason if it was not one's own wish. */
function goOut({ code, why = "" } = {}) {
  line.close();
  here = false;
  current = null;
  rooms.clear();
  outbox.clear();
  view.rooms([]);
  view.entry({ guest: identity.guest && code !== "guests_off", says: why, name: identity.name });
  if (!why) identity.forget();
}

// --- rooms ---

/** The lobby first, then rooms, then talks of two. */
function order(room) {
  return `${room.name === lobby ? 0 : room.direct ? 2 : 1}${room.label(identity.me.name)}`;
}

function attend(state) {
  const known = rooms.get(state.room);
  if (known) known.update(state);
  else rooms.set(state.room, new Room(state, view));
  view.rooms([...rooms.values()].sort((a, b) => order(a).localeCompare(order(b))));
  return rooms.get(state.room);
}

/** Be in a room. Asked for twice at once, it is asked once. */
function join(name, type = "join", news = Infinity) {
  const asked =
    entering.get(name) ?? enterBy({ type, room: name }, news).finally(() => entering.delete(name));
  entering.set(name, asked);
  return asked;
}

/** What was said before one came is not news; `news` is the seq after which it is. */
async function enterBy(command, news = Infinity) {
  const state = await line.ask(command);
  const known = rooms.has(state.room);
  const room = attend(state);
  if (!known) room.readUpTo(Math.min(state.seq, news));
  if (room.read < room.seq) reader.load(room);
  remember();
  return room;
}

function drop(room) {
  rooms.delete(room.name);
  view.rooms([...rooms.values()]);
  remember();
  if (room !== current) return;
  current = null;
  const next = rooms.get(lobby) ?? rooms.values().next().value;
  if (next) open(next);
  else if (line.online) join(lobby).then(open, failed);
}

function open(room) {
  if (current && current !== room) signals.typing(current, false);
  current = room;
  keeping.setLastRoom(room.name);
  view.open(room);
  reader.load(room);
  reader.roster(room);
  seen();
}

function remember() {
  if (here) identity.remember([...rooms.values()]);
}

/** After a new line: what may have changed without an event, and what was not loaded. */
async function refresh() {
  await reader.refresh(current, rooms);
  seen();
  signals.tellRead();
}

/** A page of history is there to be drawn. */
function came(room, place) {
  view.together(room, place);
  if (room === current) seen();
}

/** A line that breaks says so in its banner, and all is asked again; a refusal is told. */
function failed(error) {
  if (error instanceof Refusal) view.toast(error.message);
  else if (!(error instanceof Lost)) throw error;
}

// --- hearing ---

function heard(event) {
  if (event.type === "draining") return;
  if (event.type === "invited") {
    join(event.room, "join", event.seq).then((room) => invited(room, event.by), failed);
    return;
  }
  const room = rooms.get(event.room);
  if (room) roomHeard(room, event);
  // Another page of the same person has entered a room: this one hears it from there on, too.
  else if (here && event.type === "entered") join(event.room, "join", event.seq).catch(failed);
  else if (here && event.type === "message") join(event.room, "join", event.seq - 1).catch(failed);
}

function invited(room, by) {
  const own = by === identity.me.name; // on another page of one's own
  if (!own && !room.direct) view.toast(`${by} invited you to #${room.name}`);
}

function roomHeard(room, event) {
  const own = event.user === identity.me.name;
  if (event.type === "caught_up") caughtUp(room, event);
  else if (event.type === "read") room.serverRead(event.seq);
  else if (event.type === "left" && own) drop(room);
  else if (event.seq !== undefined) {
    room.entry(event, identity.me);
    if (room !== current || view.scroller.atEnd) room.trim(MOST);
    if (room === current) seen();
    outbox.forgetStored();
  } else {
    room.passing(event, identity.me);
    if (event.type === "renamed" && own) named(event.nick);
  }
}

/** One has another name, chosen on this page or on another of one's own. */
function named(name, token) {
  identity.rename(name, token);
  view.me(identity.me);
  remember();
}

function caughtUp(room, event) {
  if (event.recovered) return;
  room.restart(event);
  reader.load(room);
}

// --- saying ---

/** Say it in the open room. Gives what is wrong with it. */
function say(typed) {
  // A password behind /login must not be said to the room. As in a terminal, // says a slash.
  const command = typed.match(/^\s*(\/[a-z]+)/i)?.[1];
  if (command) return `${command} is for terminals. To say it all the same, begin with //.`;
  const text = typed.replace(/^(\s*)\/\//, "$1/");
  const over = new TextEncoder().encode(text).length - line.limits.message_bytes;
  if (over > 0) return `This is too long by ${over} bytes. Say it in parts.`;
  signals.said();
  outbox.add(current.say(text, keeping.freshKey(), identity.me));
  return "";
}

/** Whoever looks at the end of the open room has read it. */
function seen() {
  const looks = document.visibilityState === "visible" && document.hasFocus();
  if (looks && current?.loaded && view.scroller.atEnd) signals.read(current);
}

// --- what a person can do ---

const view = new View({
  enter,
  open,
  say,
  typing: (on) => signals.typing(current, on),
  goOut,
  tryNow: () => line.open(),
  reached: (end) => (end === "start" ? reader.older(current) : seen()),
  leave: (room) => line.ask({ type: "leave", room: room.name }).then(() => drop(room), failed),
  direct: (user) => enterBy({ type: "direct", user }).then(open, failed),
  react: ({ room, seq }, emoji, on) =>
    line.ask({ type: on ? "react" : "unreact", room, seq, emoji }).catch(failed),
  discard: (message) => rooms.get(message.room)?.unsay(message),
  rewrite: (message) => {
    rooms.get(message.room)?.unsay(message);
    view.write(message.text);
  },
  publicRooms: async () => {
    const answer = await line.ask({ type: "rooms" }).catch(failed);
    return (answer?.rooms ?? []).filter((each) => !each.joined && each.kind !== "direct");
  },
  join: async (name, create) => {
    try {
      open(await join(name, create ? "create" : "join"));
      return {};
    } catch (error) {
      if (error instanceof Lost) return { problem: "There is no connection just now." };
      const missing = error.code === "no_such_room";
      return { problem: missing ? `There is no room “${name}” yet.` : error.message, missing };
    }
  },
  rename: async (name) => {
    if (!name || name === identity.me.name) return "";
    try {
      const answer = await line.ask({ type: "nick", nick: name });
      named(answer.user, answer.guest_token);
      return "";
    } catch (error) {
      return error instanceof Lost ? "There is no connection just now." : error.message;
    }
  },
});

addEventListener("online", () => line.nudge());
addEventListener("focus", seen);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  line.nudge();
  seen();
});

if (identity.known) line.open();
else view.entry({ guest: identity.guest, name: identity.name });
