// What moderators do in their rooms and operators anywhere, as items of menus for those who may.
// The server decides; here it is only asked for, with the words that it wants.

const RANKS = ["member", "moderator", "owner"];
const FOR = [
  ["", "until it is lifted"],
  ["600", "10 minutes"],
  ["3600", "an hour"],
  ["86400", "a day"],
  ["604800", "a week"],
  ["2592000", "30 days"],
];
const STEPS = [
  ["off", "Off: everything is open"],
  ["no_guests", "No guests"],
  ["no_new", "… and no new rooms"],
  ["members", "… and nobody new in any room"],
  ["operators", "… and only operators log in or speak"],
];
const REASON = { name: "reason", label: "Reason, told to whom it hits" };
const LONG = { name: "seconds", label: "For how long", options: FOR, value: "3600" };

export class Moderation {
  #chat; #ask; #listing;

  /** `chat.command(command)` asks the server and gives what is wrong, or "". */
  constructor(chat, { ask, listing }) {
    this.#chat = chat;
    this.#ask = ask;
    this.#listing = listing;
  }

  get #operator() {
    return this.#chat.me.operator;
  }

  /** Whether one keeps order in this room. */
  moderates(room) {
    return this.#operator || (!room.direct && RANKS.indexOf(room.role) > 0);
  }

  // --- somebody ---
  /** What may be done with somebody, `role` in this room. */
  person(room, { user, role = "member" }) {
    const me = this.#operator ? RANKS.length : RANKS.indexOf(room.role);
    const above = this.moderates(room) && !room.direct && me > RANKS.indexOf(role);
    const owner = !room.direct && (this.#operator || room.role === "owner");
    const here = `#${room.name}`;
    return [
      above && { head: `In ${here}` },
      above && { label: "Mute…", icon: "mute", does: () => this.#hit("mute", user, room) },
      above && { label: "Let speak again", icon: "back", does: () => this.#lift("mute", user, room) },
      above && { label: "Put out…", icon: "leave", danger: true, does: () => this.#kick(user, room) },
      above && { label: "Ban…", icon: "ban", danger: true, does: () => this.#hit("ban", user, room) },
      owner && { label: "Change role…", icon: "shield", does: () => this.#role(user, role, room) },
      this.#operator && { head: "On the whole server" },
      this.#operator && { label: "Mute everywhere…", icon: "mute", does: () => this.#hit("mute", user) },
      this.#operator && { label: "Disconnect…", icon: "leave", danger: true, does: () => this.#kick(user) },
      this.#operator && { label: "Ban from the server…", icon: "ban", danger: true, does: () => this.#hit("ban", user) },
    ].filter(Boolean);
  }

  #kick(user, room) {
    this.#ask.open({
      title: room ? `Put ${user} out of #${room.name}?` : `Disconnect ${user}?`,
      text: "They may come back.",
      fields: [REASON],
      act: room ? "Put out" : "Disconnect",
      danger: true,
      does: ({ reason }) => this.#chat.command({ type: "kick", user, room: room?.name, reason }),
    });
  }

  #hit(type, user, room) {
    const where = room ? `in #${room.name}` : "on the whole server";
    const who = type === "ban" ? { who: user } : { user };
    this.#ask.open({
      title: type === "ban" ? `Ban ${user} ${where}?` : `Mute ${user} ${where}?`,
      text: type === "ban" ? "They are put out and cannot come back." : "They hear, but do not speak.",
      fields: [LONG, REASON],
      act: type === "ban" ? "Ban" : "Mute",
      danger: true,
      does: ({ reason, seconds }) => {
        const time = seconds ? { seconds: Number(seconds) } : {};
        return this.#chat.command({ type, ...who, room: room?.name, reason, ...time });
      },
    });
  }

  async #lift(kind, who, room) {
    const command = kind === "ban" ? { type: "unban", who } : { type: "unmute", user: who };
    const problem = await this.#chat.command({ ...command, room: room?.name ?? room });
    this.#chat.toast(problem || `${who} is ${kind === "ban" ? "no longer banned" : "no longer muted"}`);
  }

  #role(user, role, room) {
    const options = RANKS.map((rank) => [rank, rank]);
    this.#ask.open({
      title: `${user}'s role in #${room.name}`,
      text: "Moderators keep order; owners decide who moderates.",
      fields: [{ name: "role", label: "Role", options, value: role }],
      act: "Change",
      does: async (values) => {
        const problem = await this.#chat.command({ type: "role", room: room.name, user, ...values });
        if (!problem) this.#chat.reader.roster(room);
        return problem;
      },
    });
  }

  // --- a room ---
  room(room) {
    if (room.direct || !this.moderates(room)) return [];
    return [
      { head: "Keeping order" },
      { label: "Slow mode…", icon: "clock", does: () => this.#slow(room) },
      { label: "Only moderators speak", icon: "lock", checked: room.readOnly, does: () => this.#readOnly(room) },
      { label: "Bans and mutes…", icon: "ban", does: () => this.bans(room) },
    ];
  }

  #slow(room) {
    const options = [0, 5, 10, 30, 60, 300, 900].map((s) =>
      [String(s), s === 0 ? "Off" : s < 60 ? `${s} seconds` : `${s / 60} minute${s > 60 ? "s" : ""}`]);
    this.#ask.open({
      title: `Slow mode in #${room.name}`,
      text: "Each plain member may say one message in this time.",
      fields: [{ name: "seconds", label: "Time between two messages", options, value: String(room.slow) }],
      act: "Set",
      does: ({ seconds }) =>
        this.#chat.command({ type: "slow", room: room.name, seconds: Number(seconds) }),
    });
  }

  async #readOnly(room) {
    const command = { type: "readonly", room: room.name, on: !room.readOnly };
    this.#chat.toast(await this.#chat.command(command));
  }

  /** Bans and mutes of a room, or (none) of the whole server. */
  bans(room) {
    this.#listing.open({
      title: room ? `Bans and mutes in #${room.name}` : "All bans and mutes",
      empty: "Nobody is banned or muted.",
      read: async () => {
        const answer = await this.#chat.answer({ type: "bans", room: room?.name });
        return answer && answer.sanctions.map((each) => this.#sanction(each));
      },
    });
  }

  #sanction({ kind, who, by, reason = "", room, until }) {
    const where = room ? `in #${room}` : "everywhere";
    const end = until ? `until ${new Date(until).toLocaleString()}` : "until lifted";
    const place = room ? { name: room } : undefined;
    return {
      head: who,
      meta: `${kind === "ban" ? "banned" : "muted"} ${where} by ${by}, ${end}`,
      text: reason,
      actions: [["Lift", () => this.#lift(kind, who, place)]],
    };
  }

  // --- the server ---
  server() {
    if (!this.#operator) return [];
    return [
      { head: "For operators" },
      { label: "Reports…", icon: "flag", does: () => this.reports() },
      { label: "Bans and mutes…", icon: "ban", does: () => this.bans() },
      { label: "Announce…", icon: "megaphone", does: () => this.#announce() },
      { label: "Emergency…", icon: "alert", danger: true, does: () => this.#emergency() },
    ];
  }

  reports() {
    this.#listing.open({
      title: "Open reports",
      empty: "Nothing waits to be looked at.",
      read: async () => {
        const answer = await this.#chat.answer({ type: "reports" });
        return answer && answer.reports.map((each) => this.#report(each));
      },
    });
  }

  #report({ number, room, seq, author, by, ts, text = "", reason = "" }) {
    return {
      head: author,
      meta: `in #${room}, reported by ${by} on ${new Date(ts).toLocaleString()}${reason ? `: ${reason}` : ""}`,
      text,
      actions: [
        ["Show", () => {
          this.#listing.close();
          this.#chat.show(room, seq);
          return "leave";
        }],
        ["Settle…", () => this.#settle(number)],
      ],
    };
  }

  #settle(number) {
    this.#listing.close();
    this.#ask.open({
      title: `Settle report ${number}`,
      fields: [{ name: "outcome", label: "What came of it", required: true }],
      act: "Settle",
      does: async ({ outcome }) => {
        const problem = await this.#chat.command({ type: "settle", number, outcome });
        if (!problem) setTimeout(() => this.reports());
        return problem;
      },
    });
    return "leave";
  }

  #announce() {
    this.#ask.open({
      title: "Announce",
      text: "Everybody on the server is told.",
      fields: [{ name: "text", label: "What", type: "area", most: 2000, required: true }],
      act: "Announce",
      does: ({ text }) => this.#chat.command({ type: "announce", text }),
    });
  }

  async #emergency() {
    const now = await this.#chat.answer({ type: "emergency" });
    if (!now) return;
    this.#ask.open({
      title: "Emergency",
      text: "Closes the server step by step, each with those before it.",
      fields: [{ name: "step", label: "Step in force", options: STEPS, value: now.step }],
      act: "Enter this step",
      danger: true,
      does: ({ step }) => this.#chat.command({ type: "emergency", step }),
    });
  }
}
