// What the browser keeps for this page: who one is, and what the server has not stored yet.
// A tab keeps its own; a new one begins as the guest who was here last. No password is kept.

const WHO = "chatd.who";
const ROOM = "chatd.room";
const UNSENT = "chatd.unsent";

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

/** Who this tab is, or the last one was: a guest { name, token, rooms }, or the name of a user. */
export const anybody = () => read(tab, WHO) ?? read(browser, WHO);

export function keep({ user, name, token, rooms }) {
  const kept = user ? { user } : { name, token, rooms };
  for (const storage of [tab, browser]) write(storage, WHO, kept);
}

export function forget() {
  for (const storage of [tab, browser]) {
    for (const name of [WHO, ROOM, UNSENT]) write(storage, name, null);
  }
}

export const lastRoom = () => read(tab, ROOM);
export const setLastRoom = (name) => write(tab, ROOM, name);

/** What was said and not acknowledged before the page was loaded anew. */
export const unsent = () => read(tab, UNSENT) ?? [];
export const setUnsent = (messages) =>
  write(tab, UNSENT, messages.map(({ room, text, key }) => ({ room, text, key })));

/** A key that no other message of this person has. (randomUUID is for secure pages only.) */
export function freshKey() {
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
