// What the browser keeps for this page: who one is, where one was, and what is not stored yet.
// A tab keeps its own; a new one begins as the one who was here last. No password is kept.

const WHO = "chatd.who";
const ROOM = "chatd.room";
const UNSENT = "chatd.unsent";
const DRAFTS = "chatd.drafts";
const NOTIFY = "chatd.notify";

function read(storage, name) {
  try {
    return JSON.parse(storage().getItem(name));
  } catch {
    return null; // storage may be forbidden, full, or written by somebody else
  }
}

function write(storage, name, value) {
  try {
    storage().setItem(name, JSON.stringify(value));
  } catch {
    // then it is not kept, and the page works all the same
  }
}

const tab = () => sessionStorage;
const browser = () => localStorage;
const both = [tab, browser];

/**
 * Who this tab is, or the last one was: a guest { name, token, rooms }, or { user, back } of an
 * account, which comes back with a token. `rooms`: name -> { epoch, read }. What a tab keeps from
 * before a log-out (`era`) counts for nothing: it was not open when all others were told of that.
 */
export function anybody() {
  const [own, last] = [read(tab, WHO), read(browser, WHO)];
  if (!own || own.era === last?.era) return own ?? last;
  forgetIn(tab);
  return last;
}

export function keep({ user, back, name, token, rooms }) {
  const era = read(browser, WHO)?.era ?? freshKey();
  const kept = user ? { user, back } : { name, token, rooms };
  for (const storage of both) write(storage, WHO, { ...kept, era });
}

function forgetIn(storage) {
  for (const name of [WHO, ROOM, UNSENT, DRAFTS]) write(storage, name, null);
}

export const forget = () => both.forEach(forgetIn);

/** Hear that somebody has logged out on another tab. */
export const whenForgotten = (does) =>
  addEventListener("storage", ({ key, newValue }) => key === WHO && newValue === "null" && does());

export const lastRoom = () => read(tab, ROOM) ?? read(browser, ROOM);
export function setLastRoom(name) {
  for (const storage of both) write(storage, ROOM, name);
}

/** What was said and not acknowledged before the page was loaded anew. */
export const unsent = () => read(tab, UNSENT) ?? [];
export const setUnsent = (messages) =>
  write(tab, UNSENT, messages.map(({ room, text, key, replyTo }) => ({ room, text, key, replyTo })));

/** What was being written, by room. */
export const drafts = () => read(tab, DRAFTS) ?? {};
export const setDraft = (room, text) =>
  write(tab, DRAFTS, { ...drafts(), [room]: text || undefined });

export const notify = () => read(browser, NOTIFY) === true;
export const setNotify = (on) => write(browser, NOTIFY, on);

/** A key that no other message of this person has. (randomUUID is for secure pages only.) */
export function freshKey() {
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
