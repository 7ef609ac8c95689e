// What one message looks like, and one line about coming and going: rows made, rows drawn anew.
// Whatever people wrote goes in as text, never as markup. Where rows stand is log.js.

import { button, make } from "./elements.js";
import { marked, onlyEmoji } from "./markup.js";

const HUES = [15, 40, 65, 95, 125, 150, 220, 245, 270, 295, 320, 345]; // none like one's own sign
const LONG = { letters: 2400, lines: 24 }; // a longer text is folded until somebody wants it all

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const WHOLE = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const DATE = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const YEAR = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });

/** The day on which something was said, as the reader's zone and language call it. */
export function dayOf(ts) {
  const day = new Date(ts);
  const today = new Date();
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (day.toDateString() === today.toDateString()) return "Today";
  if (day.toDateString() === yesterday.toDateString()) return "Yesterday";
  return (day.getFullYear() === today.getFullYear() ? DATE : YEAR).format(day);
}

export const timeOf = (ts) => TIME.format(ts);

/** The sign of a person: always the same colour for the same name, and one for oneself. */
export function drawAvatar(element, name, own = false) {
  element.classList.toggle("own", own);
  element.style.setProperty("--hue", hueOf(name));
  element.textContent = [...new Intl.Segmenter().segment(name)][0]?.segment.toUpperCase() ?? "";
}

export function hueOf(name) {
  let sum = 7;
  for (const char of name) sum = (sum * 31 + char.codePointAt(0)) % 65_521;
  return HUES[sum % HUES.length];
}

/** Draw a message into its row. `quoted` is the one it answers, if that is at hand. */
export function drawMessage(row, message, { me, quoted, known, actions }) {
  const at = (name) => row.querySelector(name);
  const { state, user, deleted } = message;
  row.classList.toggle("mine", message.mine);
  row.classList.toggle("gone", deleted);
  row.classList.toggle("calls", Boolean(message.calling) && !known.direct);
  row.dataset.state = state;
  drawAvatar(at(".avatar"), user, message.mine);
  at(".who").textContent = user;
  at(".who").style.setProperty("--hue", hueOf(user));
  at(".tag").hidden = !message.guest || me.guest; // who has no account sees guests only as equals
  drawTime(at(".when"), message);
  drawQuote(at(".quote"), message, quoted, actions);
  drawText(at(".text"), message, known);
  drawReactions(at(".reactions"), message, me, actions);
  drawState(at(".state"), message, actions);
}

function drawTime(link, { state, ts, room, seq }) {
  const time = link.querySelector("time");
  time.dateTime = new Date(ts).toISOString();
  time.replaceChildren(...(state === "final" ? timeParts(ts) : []));
  time.title = WHOLE.format(ts);
  if (state === "final") link.href = linkTo(room, seq);
}

/** The time, its AM or PM apart: beside a message that follows another there is no room for it. */
function timeParts(ts) {
  const apart = ({ type, value }) => type === "dayPeriod" || !value.trim();
  return TIME.formatToParts(ts).map((part) =>
    apart(part) ? make("span", { className: "half" }, part.value) : part.value);
}

/** The place of a message, as the address of this page has it. */
export const linkTo = (room, seq) =>
  `#/${encodeURIComponent(room)}${seq === undefined ? "" : `/${seq}`}`;

function drawQuote(element, { replyTo, deleted, room }, quoted, actions) {
  element.hidden = replyTo === null || deleted;
  if (element.hidden) return;
  const gone = quoted?.deleted || (quoted && !quoted.text);
  const who = make("bdi", { className: quoted?.mine ? "who self" : "who" }, quoted?.user ?? "");
  who.style.setProperty("--hue", hueOf(quoted?.user ?? ""));
  const text = gone ? "a deleted message" : quoted ? quoted.text.replace(/\s+/g, " ") : "…";
  element.replaceChildren(who, " ", make("span", {}, text));
  element.onclick = () => actions.show(room, replyTo);
}

function drawText(element, { text, deleted, edited }, known) {
  if (deleted) {
    element.textContent = "This message was deleted";
    return;
  }
  element.replaceChildren(marked(text, known));
  element.classList.toggle("large", onlyEmoji(text));
  if (edited) {
    const title = `Edited ${WHOLE.format(edited)}`;
    element.append(make("small", { className: "edited", title }, " (edited)"));
  }
  fold(element, text);
}

function fold(element, text) {
  const long = text.length > LONG.letters || text.split("\n").length > LONG.lines;
  const next = element.nextElementSibling;
  if (next.classList.contains("unfold")) next.remove();
  if (!long) return void element.classList.remove("folded");
  element.classList.add("folded");
  const unfold = button("Show all of it", () => {
    const folded = element.classList.toggle("folded");
    unfold.textContent = folded ? "Show all of it" : "Show less";
  });
  unfold.className = "unfold";
  element.after(unfold);
}

function drawReactions(element, message, me, actions) {
  element.hidden = !message.reactions.size;
  const chips = [...message.reactions].map(([emoji, who]) => {
    const chip = button("", () => actions.react(message, emoji, !who.has(me.name)));
    const more = message.more.get(emoji) ?? 0;
    chip.append(make("span", {}, emoji), make("b", {}, who.size + more));
    chip.title = [...who].join(", ") + (more ? ` and ${more} more` : "");
    chip.ariaPressed = String(who.has(me.name));
    chip.ariaLabel = `${emoji} from ${chip.title}`;
    return chip;
  });
  element.replaceChildren(...chips);
}

function drawState(element, message, actions) {
  const { state, why } = message;
  element.hidden = state === "final";
  element.textContent = state === "pending" ? "Sending…" : `Not sent: ${why}. `;
  if (state !== "refused") return;
  element.append(
    button("Try again", () => actions.again(message)),
    button("Change it", () => actions.rewrite(message)),
    button("Discard", () => actions.discard(message)),
  );
}

/** A quiet line: who came, went, or is called something else now; the last word on each. */
export function drawAside(row, said) {
  const shown = [...said].slice(-8);
  const parts = shown.flatMap(([name, what], number) => [
    number ? " · " : said.size > shown.length ? `${said.size - shown.length} others · ` : "",
    make("bdi", {}, name),
    ` ${what}`,
  ]);
  row.replaceChildren(...parts);
}
