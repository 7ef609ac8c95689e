// The chat: who one is, the rooms one is in, what is said and heard. It joins the line
// (connection.js), what is known (room.js, keeping.js) and what is seen (view.js).

import { Connection, Lost, Refusal } from "./connection.js";
import * as keeping from "./keeping.js";
import { Room } from "./room.js";
import { View } from "./view.js";

const PAGE = 50; // messages of history at a time
const MOST = 500; // messages of one room kept on the page, while one reads its end
const READ_MS = 800; // a read marker is sent at most so often
const TYPING_MS = 3000; // and so is "typing"

let who = null; // { name, token, rooms } of a guest, or { user, password } of an account
let me = { name: "", guest: true };
let lobby = "lobby";
let here = false; // whether this page has been let in
let current = null;
const rooms = new Map(); // by name
const entering = new Map(); // rooms on their way, by name
const outbox = []; // what was said and is not stored yet, in its order

const address = new URL("ws", document.baseURI);
address.protocol = address.protocol.replace("http", "ws");
const line = new Connection(address, { greet, heard, changed });

// --- coming in ---

function enter(wanted) {
  who = wanted.user ? wanted : { name: wanted.guest, token: keeping.anybody()?.token };
  view.busy();
  line.open();
}

/** Log in, and be in all rooms again: called at every new line. */
async function greet(welcome) {
  lobby = welcome.lobby;
  const resume = Object.fromEntries([...rooms.values()].map((room) => [room.name, room.position]));
  const answer = await login(resume);
  const before = me.name;
  me = { name: answer.user, guest: answer.guest ?? false };
  if (me.guest) Object.assign(who, { name: me.name, token: answer.guest_token });
  if (!here) view.house(welcome.server, me);
  else if (before !== me.name) renamed(before);
  for (const state of answer.rooms ?? []) attend(state);
  for (const room of [...rooms.values()]) {
    if (!(answer.rooms ?? []).some(({ room: name }) => name === room.name)) drop(room);
  }
  if (!here) await arrive(welcome);
  else if (!current) open(await join(lobby));
  remember();
}

/** The answer to a log-in. A guest whose name or token is good no more becomes another guest. */
async function login(resume) {
  if (who.user) return line.ask({ type: "login", user: who.user, password: who.password, resume });
  for (;;) {
    const { name, token } = who;
    const asked = { type: "login", guest: name || undefined, guest_token: token, resume };
    try {
      return await line.ask(asked);
    } catch (error) {
      if (error.code === "login_failed" && token) who.token = undefined;
      else if (error.code === "name_taken" && here && name) who.name = "";
      else throw error;
    }
  }
}

function renamed(before) {
  view.me(me);
  view.toast(`${before} is taken now; you are ${me.name}`);
}

/** The first time on this page: the rooms of last time, or the lobby. */
async function arrive(welcome) {
  here = true;
  const last = keeping.lastRoom();
  for (const name of who.rooms ?? []) await join(name).catch(unlessLost);
  if (!rooms.size) await join(lobby);
  else if (!last) await join(lobby).catch(unlessLost);
  open(rooms.get(last) ?? rooms.get(lobby) ?? rooms.values().next().value);
  if (welcome.motd) view.notice(current, welcome.motd);
  for (const { room, text, key } of keeping.unsent()) {
    if (rooms.has(room)) outbox.push(rooms.get(room).say(text, key, me));
  }
}

function unlessLost(error) {
  if (!(error instanceof Refusal)) throw error;
}

function changed(state) {
  view.line(state);
  if (state.name === "online") {
    pump();
    refresh();
  } else if (state.name === "stopped" && (!here || ["login_failed", "guests_off"].includes(state.code))) {
    goOut(state);
  } else if (state.name === "offline" && !here) {
    goOut({ why: "The server does not answer just now. Try again in a moment." });
  }
}

/** Back to the way in, with the reason if it was not one's own wish. */
function goOut({ code, why = "" } = {}) {
  line.close();
  const guest = !who?.user && code !== "guests_off";
  const name = who?.user ?? who?.name ?? "";
  if (!why) keeping.forget();
  who = null;
  here = false;
  current = null;
  rooms.clear();
  outbox.length = 0;
  view.rooms([]);
  view.entry({ guest, says: why, name });
}

// --- rooms ---

function attend(state) {
  const known = rooms.get(state.room);
  if (known) known.update(state);
  else rooms.set(state.room, new Room(state, view));
  const order = (room) => `${room.name === lobby ? 0 : room.direct ? 2 : 1}${room.label(me.name)}`;
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
  if (current && current !== room) stopTyping();
  current = room;
  keeping.setLastRoom(room.name);
  view.open(room);
  load(room);
  roster(room);
  seen();
}

function remember() {
  if (!here || !who) return;
  who.rooms = [...rooms.values()].filter((room) => !room.direct).map((room) => room.name);
  keeping.keep(who);
}

/** After a new line: what may have changed without an event, and what was not loaded. */
async function refresh() {
  if (current) roster(current);
  for (const room of [current, ...rooms.values()]) {
    if (room && (room === current || room.unread().count || room.read < room.seq)) await load(room);
  }
  seen();
}

/** The newest page of a room's history, once. */
async function load(room) {
  if (!room.loaded) await page(room, {});
}

async function older(room) {
  if (room?.loaded && room.more) await page(room, { before: room.oldest });
}

async function page(room, where) {
  if (room.loading || !line.online) return;
  room.startLoading();
  let answer = null;
  try {
    answer = await line.ask({ type: "history", room: room.name, limit: PAGE, ...where });
  } catch (error) {
    unlessLostOr(error);
  }
  view.together(room, () => room.stopLoading(answer, me));
  if (room === current) seen();
}

async function roster(room) {
  try {
    room.roster(await line.ask({ type: "who", room: room.name }));
  } catch (error) {
    unlessLostOr(error);
  }
}

/** A line that breaks says so in its banner, and all is asked again; a refusal is told. */
function unlessLostOr(error) {
  if (error instanceof Refusal) view.toast(error.message);
  else if (!(error instanceof Lost)) throw error;
}

const failed = unlessLostOr;

// --- hearing ---

function heard(event) {
  if (event.type === "draining") return;
  if (event.type === "invited") {
    join(event.room, "join", event.seq).then((room) => invited(room, event.by), failed);
    return;
  }
  const room = rooms.get(event.room);
  if (room) roomHeard(room, event);
  // Another page of the same person has entered a room: this one hears it from now on, too.
  else if (["joined", "message"].includes(event.type) && here) join(event.room).catch(failed);
}

function invited(room, by) {
  if (by === me.name) return; // on another page of one's own
  const where = room.direct ? "to a talk between the two of you" : `to #${room.name}`;
  view.toast(`${by} invited you ${where}`);
}

function roomHeard(room, event) {
  const own = event.user === me.name;
  if (event.type === "caught_up") caughtUp(room, event);
  else if (event.type === "read") room.readUpTo(event.seq);
  else if (event.type === "left" && own) drop(room);
  else if (event.seq !== undefined) {
    room.entry(event, me);
    if (room === current && view.scroller.atEnd) room.trim(MOST);
    if (room === current) seen();
    forgetStored();
  } else {
    room.passing(event, me);
    if (event.type === "renamed" && own) {
      me = { ...me, name: event.nick };
      view.me(me);
    }
  }
}

function caughtUp(room, event) {
  if (event.recovered) return;
  room.restart(event);
  if (room === current || line.online) load(room);
}

// --- reading ---

let readTimer = 0;

/** Whoever looks at the end of the open room has read it. */
function seen() {
  const looks = document.visibilityState === "visible" && document.hasFocus();
  if (!looks || !current?.loaded || !view.scroller.atEnd || current.read >= current.seq) return;
  current.readUpTo(current.seq);
  readTimer ||= setTimeout(tellRead, READ_MS);
}

function tellRead() {
  readTimer = 0;
  for (const room of rooms.values()) {
    if (room.readTold >= room.read) continue;
    room.readTold = room.read;
    line.ask({ type: "read", room: room.name, seq: room.read }).catch(() => {});
  }
}

// --- saying ---

let typingAt = 0;

/** Say it in the open room: seen at once, stored as soon as may be. Gives what is wrong with it. */
function say(text) {
  const size = new TextEncoder().encode(text).length;
  const most = line.limits.message_bytes;
  if (size > most) return `This is too long by ${size - most} bytes. Say it in parts.`;
  typingAt = 0;
  outbox.push(current.say(text, keeping.freshKey(), me));
  keeping.setUnsent(outbox);
  pump();
  return "";
}

let pumping = false;

/** One after the other, so that no refusal changes their order; each until it is stored. */
async function pump() {
  if (pumping) return;
  pumping = true;
  while (outbox.length && line.online) await post(outbox[0]);
  pumping = false;
}

async function post(message) {
  const { room, text, key } = message;
  try {
    const ack = await line.ask({ type: "send", room, text, key });
    rooms.get(room)?.acknowledged(message, ack);
  } catch (error) {
    if (error instanceof Lost) return; // said again, with the same key, on the next line
    if (!(error instanceof Refusal)) throw error;
    if (error.passing) return void (await new Promise((done) => setTimeout(done, error.after)));
    rooms.get(room)?.refused(message, error.message);
  }
  if (outbox.includes(message)) outbox.splice(outbox.indexOf(message), 1);
  keeping.setUnsent(outbox);
}

/** What has come back as an event is stored, even when its answer was lost with the line. */
function forgetStored() {
  const left = outbox.filter((message) => message.state !== "final");
  if (left.length === outbox.length) return;
  outbox.splice(0, outbox.length, ...left);
  keeping.setUnsent(outbox);
}

function typing(on) {
  if (!on) return stopTyping();
  if (!line.online || Date.now() - typingAt < TYPING_MS) return;
  typingAt = Date.now();
  line.ask({ type: "typing", room: current.name }).catch(() => {});
}

function stopTyping() {
  if (typingAt && line.online) line.ask({ type: "typing", room: current.name, on: false }).catch(() => {});
  typingAt = 0;
}

// --- what a person can do ---

const view = new View({
  enter,
  open,
  say,
  typing,
  goOut,
  tryNow: () => line.open(),
  reached: (end) => (end === "start" ? older(current) : seen()),
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
      if (error.code === "no_such_room") return { problem: `There is no room “${name}” yet.`, missing: true };
      return { problem: error.message };
    }
  },
  rename: async (name) => {
    if (!name || name === me.name) return "";
    try {
      const answer = await line.ask({ type: "nick", nick: name });
      Object.assign(who, { name: answer.user, token: answer.guest_token });
      me = { ...me, name: answer.user };
      view.me(me);
      remember();
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

who = keeping.anybody();
if (who?.token) line.open();
else view.entry({ guest: !who?.user, name: who?.user });
