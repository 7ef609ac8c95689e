// Which places there are and how one gets to them: by the address of the page, by a few letters,
// by searching.

import { worded } from "./deeds.js";

export class Places {
  #chat;

  constructor(chat) {
    this.#chat = chat;
  }

  /** What the view asks for. */
  get does() {
    return {
      near: () => this.#near(),
      further: () => this.#further(),
      go: (place) => this.#go(place),
      mayMakePrivate: () => !this.#chat.me.guest,
      roomNamed: (name) => this.#roomNamed(name),
      label: (name) => this.label(name),
      search: (words, here, cursor) => this.#search(words, here, cursor),
    };
  }

  /** The lobby first, then rooms, then talks of two. */
  inOrder() {
    const { lobby, me, rooms } = this.#chat;
    const rank = (room) => `${room.name === lobby ? 0 : room.direct ? 2 : 1}${room.label(me.name)}`;
    return [...rooms.values()].sort((a, b) => rank(a).localeCompare(rank(b)));
  }

  label(name) {
    const room = this.#chat.rooms.get(name);
    return room?.direct ? room.label(this.#chat.me.name) : `#${name}`;
  }

  // --- the address of the page ---
  /** Where it points: a room, or a message in it. */
  get #address() {
    const [, room, seq] = location.hash.match(/^#\/([^/]+)(?:\/(\d+))?$/) ?? [];
    try {
      return room && { room: decodeURIComponent(room), seq: seq && Number(seq) };
    } catch {
      return undefined; // a % that is none
    }
  }

  /** Go where the address points; whether it does. */
  async addressed() {
    const chat = this.#chat;
    const where = this.#address;
    if (!where || !chat.line || location.hash === this.#last) return false;
    this.#last = location.hash;
    const known = chat.rooms.get(where.room);
    if (known && where.seq === undefined) await chat.open(known);
    else await chat.show(where.room, where.seq);
    return chat.current !== null;
  }

  #last = "";

  /** Let the address say where one is; `push`: the browser's way back leads to where one was. */
  put(hash, push) {
    this.#last = hash;
    if (location.hash === hash) return;
    if (push && location.hash) history.pushState(null, "", hash);
    else history.replaceState(null, "", hash);
  }

  /** A guest comes back: into the rooms of last time, with what was read in them. */
  async back(places) {
    const chat = this.#chat;
    for (const [name, { epoch, read }] of Object.entries(places)) {
      if (chat.rooms.has(name)) continue;
      try {
        const state = await chat.line.ask({ type: "join", room: name });
        const known = state.epoch === epoch ? Math.min(read, state.seq) : state.seq;
        const { seq } = await chat.line.ask({ type: "read", room: state.room, seq: known });
        chat.attend({ ...state, read: seq });
      } catch (error) {
        chat.unlessLost(error);
      }
    }
  }

  // --- by a few letters ---
  #near() {
    const { me, current } = this.#chat;
    const mine = this.inOrder().map((room) => ({
      kind: "mine",
      room,
      direct: room.direct,
      name: room.label(me.name),
      about: room.topic,
      meta: room.unread.count ? `${room.unread.count} unread` : "",
    }));
    const talked = new Set(mine.filter(({ direct }) => direct).map(({ name }) => name));
    const people = [...(current?.crowd.people.keys() ?? [])];
    const others = people.filter((name) => name !== me.name && !talked.has(name));
    return [...mine, ...others.map((name) => ({ kind: "person", name, about: "write to them" }))];
  }

  async #further() {
    const answer = await this.#chat.answer({ type: "rooms", limit: 200 });
    return (answer?.rooms ?? [])
      .filter((each) => !each.joined && each.kind !== "direct")
      .map(({ room, topic = "", present }) =>
        ({ kind: "room", name: room, about: topic, meta: present ? `${present} here` : "" }));
  }

  async #go({ kind, name, room }) {
    const chat = this.#chat;
    const make = { type: "create", private: kind === "private" };
    try {
      if (kind === "mine") chat.open(room, { push: true });
      else if (kind === "person") await chat.direct(name);
      else if (kind === "room") chat.open(await chat.join(name), { push: true });
      else chat.open(await chat.join(name, make), { push: true });
      return "";
    } catch (error) {
      // somebody was faster, or the list of rooms was not there yet
      if (error.code === "room_exists") return this.#go({ kind: "room", name });
      return worded(error);
    }
  }

  #roomNamed(name) {
    const room = this.#chat.rooms.get(name.toLowerCase());
    return room && !room.direct ? () => this.#chat.open(room, { push: true }) : null;
  }

  // --- by searching ---
  #search(query, here, cursor) {
    const room = here ? this.#chat.current?.name : undefined;
    return this.#chat.answer({ type: "search", query, room, cursor: cursor ?? undefined, limit: 30 });
  }
}
