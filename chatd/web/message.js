// A message as this page keeps it: made of what the wire has, and changed by what is heard of it.

/** A message as the wire has it becomes one that the page keeps and changes. */
export function kept(event) {
  return {
    room: event.room,
    seq: event.seq ?? Infinity, // one that is not stored yet comes after all that are
    ts: event.ts,
    user: event.user,
    text: event.text ?? "",
    guest: event.guest ?? false,
    key: event.key ?? null,
    replyTo: event.reply_to ?? null,
    edited: event.edited_ts ?? null,
    deleted: event.deleted ?? false,
    reactions: new Map(Object.entries(event.reactions ?? {}).map(([e, who]) => [e, new Set(who)])),
    // How many more have reacted than are named.
    more: new Map(Object.entries(event.reaction_counts ?? {}).map(([e, all]) => [e, all - event.reactions[e].length])),
    state: "final", // or "pending", or "refused" and then `why`
    why: "",
    mine: false,
  };
}

/** What an edit, a deletion or a reaction does to its message. */
export function change(message, event) {
  if (event.type === "edited") {
    Object.assign(message, { text: event.text, edited: event.ts });
  } else if (event.type === "deleted") {
    Object.assign(message, { text: "", deleted: true, reactions: new Map(), more: new Map() });
  } else if (event.type === "reaction") {
    const who = message.reactions.get(event.emoji) ?? new Set();
    const more = message.more.get(event.emoji) ?? 0;
    const had = event.on ? who.has(event.user) : who.delete(event.user);
    if (event.on) who.add(event.user);
    if (!had && more && (!event.on || event.counted)) message.more.set(event.emoji, more - 1);
    if (who.size || message.more.get(event.emoji)) message.reactions.set(event.emoji, who);
    else message.reactions.delete(event.emoji);
  }
}

const special = /[.*+?^${}()|[\]\\]/g;

/** Whether a text calls somebody: `@name` as a word of its own, whatever its case. */
export function calls(text, name) {
  if (!text.includes("@")) return false;
  const word = name.replace(special, "\\$&");
  return new RegExp(`(?<![\\p{L}\\p{N}_@])@${word}(?![\\p{L}\\p{N}_])`, "iu").test(text);
}
