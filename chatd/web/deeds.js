// What a person can do with rooms, people and messages, beside going from room to room (chat.js)
// and keeping order (moderation.js).

import { Lost, Refusal } from "./connection.js";
import { unfit } from "./entry.js";
import * as keeping from "./keeping.js";
import { menu } from "./menu.js";
import { linkTo } from "./rows.js";
import { pickEmoji } from "./picker.js";

const MOST_PARTS = 8; // messages that one long paste may become
const SHORTCUTS = [
  ["Ctrl K", "Go to a room or person, join or create"],
  ["Ctrl Shift F", "Search"],
  ["Alt ↑ ↓", "Room before, room after; with Shift: unread ones only"],
  ["↑ in an empty field", "Change your last message"],
  ["↑ ↓ in the log", "From message to message; R replies, E changes, + reacts, Enter: more"],
  ["Shift Enter", "A new line"],
  ["Esc", "Back to the field; closes what is open"],
];

export class Deeds {
  #chat; #view; #outbox; #signals; #notices; #order;

  constructor(chat, { view, outbox, signals, notices, order }) {
    this.#chat = chat;
    this.#view = view;
    this.#outbox = outbox;
    this.#signals = signals;
    this.#notices = notices;
    this.#order = order;
  }

  // --- saying ---
  /** Say it in the open room, or change what was said. Gives what is wrong with it. */
  say = (typed, { kind, message }) => {
    // A password behind /login must not be said to the room. As in a terminal, // says a slash.
    const command = typed.match(/^\s*(\/[a-z]+)(\s|$)/i)?.[1];
    if (command) return `${command} is not known on this page. To say it all the same, begin with //.`;
    const text = typed.replace(/^(\s*)\/\//, "$1/").replace(/\s+$/, "");
    const most = this.#chat.line.limits.message_bytes;
    if (kind === "edit") return this.#edit(message, text, most);
    if (!this.#chat.current) return "The chat is just being opened.";
    const parts = inParts(text, most);
    if (parts.length > MOST_PARTS) return `This is too long: it would be ${parts.length} messages.`;
    this.#signals.said();
    this.#sayAll(this.#chat.current, parts, kind === "reply" ? message.seq : null);
    return "";
  };

  async #sayAll(room, parts, replyTo) {
    const me = this.#chat.me;
    const wires = parts.map((text, number) =>
      ({ text, key: keeping.freshKey(), replyTo: number ? null : replyTo }));
    for (const wire of wires) this.#outbox.add(room.say(wire, me));
    if (room.newer) await this.#chat.reader.latest(room);
    this.#view.toEnd(room);
  }

  #edit(message, text, most) {
    if (bytes(text) > most) return `This is too long by ${bytes(text) - most} bytes.`;
    if (!this.#chat.line.online) return "Offline just now: it can be changed when the server answers.";
    if (text !== message.text) this.#tryEdit(message, text);
    return "";
  }

  async #tryEdit(message, text) {
    const { room, seq } = message;
    const problem = await this.#chat.command({ type: "edit", room, seq, text });
    this.#chat.toast(problem);
    if (problem && !this.#view.composer.text) this.#view.composer.edit({ ...message, text });
  }

  typing = (on) => this.#signals.typing(this.#chat.current, on);

  /** The last message that one may change with the arrow up. */
  last = () => {
    const { current: room } = this.#chat;
    const own = [...(room?.messages.values() ?? [])].filter((m) => m.mine && !m.deleted);
    return own.sort((a, b) => a.seq - b.seq).at(-1);
  };

  /** What a text may name. */
  names = (sign) => {
    const { current: room, rooms, me } = this.#chat;
    if (sign === "#") return [...rooms.values()].filter((r) => !r.direct).map((r) => r.name);
    return [...(room?.crowd.people.keys() ?? [])].filter((name) => name !== me.name).sort();
  };

  // --- one message ---
  react = async ({ room, seq }, emoji, on) => {
    const told = await this.#chat.answer({ type: on ? "react" : "unreact", room, seq, emoji });
    if (on && told?.again) this.#chat.rooms.get(room)?.named(seq, emoji, this.#chat.me.name);
  };

  pick = (message, anchor) => pickEmoji(anchor, (sign) => this.react(message, sign, true));

  reply = (message) => this.#view.composer.reply(message);

  edit = (message) => message.mine && this.#view.composer.edit(message);

  again = (message) => this.#outbox.again(message);

  discard = (message) => {
    this.#outbox.forget(message);
    this.#chat.rooms.get(message.room)?.unsay(message);
  };

  rewrite = (message) => {
    this.discard(message);
    this.#view.write(message.text);
  };

  show = (room, seq) => this.#chat.show(room, seq);

  /** Everything that can be done with a message. */
  more = (message, anchor) => {
    const room = this.#chat.rooms.get(message.room);
    const { mine, user } = message;
    const may = mine || this.#order.moderates(room);
    const person = room.crowd.people.get(user) ?? { user };
    menu(anchor, `Message of ${user}`, [
      { label: "Reply", icon: "reply", does: () => this.reply(message) },
      { label: "Copy link", icon: "link", does: () => this.#copy(this.#address(message), "Link copied") },
      { label: "Copy text", icon: "copy", does: () => this.#copy(message.text, "Text copied") },
      mine && { label: "Change", icon: "edit", does: () => this.edit(message) },
      !mine && { label: "Report…", icon: "flag", does: () => this.#report(message) },
      may && { label: "Delete…", icon: "trash", danger: true, does: () => this.#delete(message) },
      ...(mine ? [] : this.#order.person(room, person)),
    ].filter(Boolean));
  };

  #address({ room, seq }) {
    return new URL(linkTo(room, seq), document.baseURI).href;
  }

  async #copy(text, says) {
    try {
      await navigator.clipboard.writeText(text);
      this.#view.toast(says);
    } catch {
      const does = () => "";
      this.#view.ask.open({ title: "Copy it", fields: [{ name: "it", label: "It is here", value: text, most: 99_999 }], act: "Done", does });
    }
  }

  #delete(message) {
    const { room, seq, user, text, mine } = message;
    this.#view.ask.open({
      title: mine ? "Delete your message?" : `Delete ${user}'s message?`,
      text: text.length > 200 ? `${text.slice(0, 200)}…` : text,
      act: "Delete",
      danger: true,
      does: () => this.#chat.command({ type: "delete", room, seq }),
      done: () => this.#view.passOn(seq),
    });
  }

  #report({ room, seq, user }) {
    this.#view.ask.open({
      title: `Report ${user}'s message`,
      text: "The operators see it as it stands now.",
      fields: [{ name: "reason", label: "What is wrong with it" }],
      act: "Report",
      does: async ({ reason }) => {
        const problem = await this.#chat.command({ type: "report", room, seq, reason });
        if (!problem) this.#view.toast("Reported: the operators will look at it");
        return problem;
      },
    });
  }

  // --- people and rooms ---
  /** What can be done with somebody of the open room. */
  person = (user, anchor) => {
    const { current: room } = this.#chat;
    menu(anchor, user, [
      { label: "Write to them", icon: "chat", does: () => this.#chat.direct(user) },
      { label: "Name them here", icon: "at", does: () => this.#view.composer.mention(user) },
      ...this.#order.person(room, room.crowd.people.get(user) ?? { user }),
    ]);
  };

  invite = () => {
    const { current: room } = this.#chat;
    this.#view.ask.open({
      title: `Invite to #${room.name}`,
      text: "They are in at once.",
      fields: [{ name: "user", label: "Whom", required: true, most: 33 }],
      act: "Invite",
      does: async ({ user }) => {
        const who = user.replace(/^@/, "");
        const problem = await this.#chat.command({ type: "invite", room: room.name, user: who });
        if (!problem) this.#view.toast(`${who} is invited`);
        return problem;
      },
    });
  };

  topic = () => {
    const { current: room } = this.#chat;
    this.#view.ask.open({
      title: `Topic of #${room.name}`,
      fields: [{ name: "topic", label: "What it is about", value: room.topic }],
      act: "Set",
      does: ({ topic }) => this.#chat.command({ type: "topic", room: room.name, topic }),
    });
  };

  roomMenu = (anchor) => {
    const { current: room } = this.#chat;
    const link = new URL(linkTo(room.name), document.baseURI).href;
    menu(anchor, "This room", [
      this.#order.moderates(room) && { label: "Set the topic…", icon: "edit", does: this.topic },
      !room.direct && { label: "Invite…", icon: "invite", does: this.invite },
      { label: "Copy link", icon: "link", does: () => this.#copy(link, "Link copied") },
      { label: "Mark as read", icon: "check", does: () => this.#signals.read(room) },
      ...this.#order.room(room),
      !room.direct && { label: "Leave this room", icon: "leave", danger: true, does: () => this.#chat.leave(room) },
    ].filter(Boolean));
  };

  // --- oneself ---
  selfMenu = (anchor) => {
    const { me } = this.#chat;
    menu(anchor, "You and this server", [
      me.guest && { label: "Change name…", icon: "edit", does: this.#rename },
      { label: "Desktop notifications", icon: "bell", checked: this.#notices.on, does: this.#notify },
      { label: "Keys and formatting…", icon: "keyboard", does: this.help },
      ...this.#order.server(),
      { label: me.guest ? "Leave the chat" : "Log out", icon: "leave", danger: true, does: () => this.#chat.goOut() },
    ].filter(Boolean));
  };

  #notify = async () => {
    const problem = await this.#notices.toggle();
    this.#view.toast(problem || `Notifications are ${this.#notices.on ? "on" : "off"}`);
  };

  #rename = () => {
    this.#view.ask.open({
      title: "Your name",
      fields: [{ name: "nick", label: "Name", value: this.#chat.me.name, required: true, most: 32 }],
      act: "Save",
      does: ({ nick }) => this.#renamed(nick),
    });
  };

  async #renamed(nick) {
    if (nick === this.#chat.me.name || unfit(nick)) return unfit(nick);
    try {
      const answer = await this.#chat.line.ask({ type: "nick", nick });
      this.#chat.named(answer.user, answer.guest_token);
      return "";
    } catch (error) {
      return worded(error);
    }
  }

  help = () => {
    const keys = SHORTCUTS.map(([head, text]) => ({ head, text, actions: [] }));
    const forms = {
      head: "Text",
      text: "*emphasis*  **strong**  ~~struck~~  `code`  > quote  :tada:  @name  #room\n``` before and after several lines makes a block of code",
      actions: [],
    };
    this.#view.listing.open({ title: "Keys and formatting", empty: "", read: async () => [...keys, forms] });
  };
}

const bytes = (text) => new TextEncoder().encode(text).length;

/** A text in parts of so many bytes at most, cut at a line, a space, or anywhere. */
function inParts(text, most) {
  const parts = [];
  let rest = text;
  while (bytes(rest) > most && parts.length <= MOST_PARTS) {
    let end = Math.min(rest.length, most);
    while (bytes(rest.slice(0, end)) > most) end = Math.floor(end * 0.9);
    const line = rest.lastIndexOf("\n", end);
    const space = rest.lastIndexOf(" ", end);
    const cut = line > end / 2 ? line : space > end / 2 ? space : whole(rest, end);
    parts.push(rest.slice(0, cut));
    rest = rest.slice(cut).replace(/^\s/, "");
  }
  return [...parts, rest];
}

/** Not between the two halves of one character. */
const whole = (text, end) => (/[\ud800-\udbff]/.test(text[end - 1]) ? end - 1 : end);

/** What went wrong, in words; "" for what is no matter of the person's. */
export function worded(error) {
  if (error instanceof Lost) return "There is no connection just now.";
  if (error instanceof Refusal) return error.message;
  throw error;
}
