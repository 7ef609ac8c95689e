// What one message looks like, and one line about coming and going: rows made, rows drawn anew.
// Whatever people wrote goes in as text, never as markup. Where rows stand is log.js.

const LINK = /\bhttps?:\/\/[^\s<>"'`\u200b]+/gi;
const AFTER_LINK = /[.,;:!?'"»…*_~]+$/; // belongs to the sentence, not to the address
const HUES = [15, 40, 65, 95, 125, 150, 220, 245, 270, 295, 320, 345]; // none like one's own sign

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

/** The sign of a person: always the same colour for the same name, and one for oneself. */
export function drawAvatar(element, name, own = false) {
  element.classList.toggle("own", own);
  let sum = 7;
  for (const char of name) sum = (sum * 31 + char.codePointAt(0)) % 65_521;
  element.style.setProperty("--hue", HUES[sum % HUES.length]);
  element.textContent = [...new Intl.Segmenter().segment(name)][0]?.segment.toUpperCase() ?? "";
}

/** Text with its http and https addresses as links. */
export function linked(text) {
  const parts = document.createDocumentFragment();
  let done = 0;
  for (const { 0: found, index } of text.matchAll(LINK)) {
    const address = withoutTail(found);
    if (!URL.canParse(address)) continue;
    const link = document.createElement("a");
    link.href = address;
    link.textContent = address;
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
    parts.append(text.slice(done, index), link);
    done = index + address.length;
  }
  parts.append(text.slice(done));
  return parts;
}

/** An address without what follows it in its sentence; a bracket stays if it was opened inside. */
function withoutTail(address) {
  for (;;) {
    const short = address.replace(AFTER_LINK, "");
    const last = short.at(-1);
    const open = { ")": "(", "]": "[", "}": "{" }[last];
    const inside = open && short.split(open).length >= short.split(last).length;
    if (!open || inside) return short;
    address = short.slice(0, -1);
  }
}

function button(text, does) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = text;
  element.addEventListener("click", does);
  return element;
}

/** Draw a message into its row. `quoted` is the one it answers, if that is at hand. */
export function drawMessage(row, message, { me, quoted, actions }) {
  const at = (name) => row.querySelector(name);
  const { state, user, deleted } = message;
  row.classList.toggle("mine", message.mine);
  row.classList.toggle("gone", deleted);
  row.dataset.state = state;
  drawAvatar(at(".avatar"), user, message.mine);
  at(".who").textContent = user;
  at(".who").style.setProperty("--hue", at(".avatar").style.getPropertyValue("--hue"));
  at(".tag").hidden = !message.guest || me.guest; // who has no account sees guests only as equals
  const time = at("time");
  time.dateTime = new Date(message.ts).toISOString();
  time.textContent = state === "pending" ? "" : TIME.format(message.ts);
  time.title = WHOLE.format(message.ts);
  at(".quote").hidden = message.replyTo === null || deleted;
  at(".quote").textContent = quoted?.text ? `${quoted.user}: ${quoted.text}` : "an earlier message";
  drawText(at(".text"), message);
  drawReactions(at(".reactions"), message, me, actions);
  drawState(at(".state"), message, actions);
}

function drawText(element, { text, deleted, edited }) {
  if (deleted) {
    element.textContent = "This message was deleted";
    return;
  }
  element.replaceChildren(linked(text));
  if (!edited) return;
  const mark = document.createElement("small");
  mark.className = "edited";
  mark.textContent = " (edited)";
  mark.title = WHOLE.format(edited);
  element.append(mark);
}

function drawReactions(element, message, me, actions) {
  element.hidden = !message.reactions.size;
  const chips = [...message.reactions].map(([emoji, who]) => {
    const chip = button("", () => actions.react(message, emoji, !who.has(me.name)));
    const [sign, count] = [document.createElement("span"), document.createElement("b")];
    sign.textContent = emoji;
    count.textContent = who.size;
    chip.append(sign, count);
    chip.title = [...who].join(", ");
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
    button("Write it again", () => actions.rewrite(message)),
    button("Discard", () => actions.discard(message)),
  );
}

/** A quiet line: who came, went, or is called something else now; the last word on each. */
export function drawAside(row, said) {
  const parts = [...said].flatMap(([name, what], number) => {
    const who = document.createElement("bdi");
    who.textContent = name;
    return [number ? " · " : "", who, ` ${what}`];
  });
  row.replaceChildren(...parts);
}
