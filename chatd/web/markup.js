// Text as people write it: links, `code`, blocks of it, *emphasis*, > quotes, :emoji: and names.
// It becomes elements with text in them, never markup: nothing here reads or writes HTML.

import { EMOJI } from "./emoji.js";
import { make } from "./elements.js";

const BLOCK = /```[ \t]*([\w+#.-]*)[ \t]*\n([\s\S]*?)\n?```|```([^\n]+?)```/g;
const INLINE = new RegExp(
  [
    "(?<code>`[^`\\n]+`)",
    "(?<link>\\bhttps?:\\/\\/[^\\s<>\"'`\\u200b]+)",
    "(?<strong>(?<![\\w*])\\*\\*(?=[^\\s*])[^\\n]*?[^\\s*]\\*\\*(?![\\w*]))",
    "(?<em>(?<![\\w*])\\*(?=[^\\s*])[^*\\n]*?(?<=[^\\s*])\\*(?![\\w*]))",
    "(?<del>(?<![\\w~])~~(?=[^\\s~])[^~\\n]*?(?<=[^\\s~])~~(?![\\w~]))",
    "(?<emoji>(?<![\\w:]):[a-z0-9_+-]{1,32}:(?![\\w:]))",
    "(?<name>(?<![\\p{L}\\p{N}_@])@[\\p{L}\\p{N}_.-]*[\\p{L}\\p{N}_])",
    "(?<room>(?<![\\p{L}\\p{N}_&#/])#[\\p{L}\\p{N}_.-]*[\\p{L}\\p{N}_])",
  ].join("|"),
  "giu",
);
const DEEPEST = 4;
const LONGEST_LINK = 2048; // to look for its end takes as long as the square of its length
const AFTER_LINK = /[.,;:!?'\x22»…*_~]+$/; // belongs to the sentence, not to the address
// Nothing repeated within something repeated: what a regular expression tries anew for each way to
// part the text would hold up everybody who is shown it.
const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|[\u200d\ufe0f\s])+$/u;
const FEW = 12;

/**
 * A text as nodes. `names(name)` says what an @name is: "me", "other" or "" (nobody);
 * `room(name)` gives what a link to that room does, if there is such a room.
 */
export function marked(text, known) {
  const parts = document.createDocumentFragment();
  let done = 0;
  for (const found of text.matchAll(BLOCK)) {
    parts.append(lines(text.slice(done, found.index).replace(/\n$/, ""), known));
    parts.append(make("pre", { tabIndex: 0 }, make("code", {}, found[2] ?? found[3])));
    done = found.index + found[0].length;
    if (text[done] === "\n") done += 1;
  }
  parts.append(lines(text.slice(done), known));
  return parts;
}

/** Whether a text is nothing but a few emoji, which are then shown large. */
export function onlyEmoji(text) {
  const shown = text.replace(/:([a-z0-9_+-]{1,32}):/gi, (all, name) => EMOJI.get(name) ?? all);
  const count = shown.match(/\p{Extended_Pictographic}/gu)?.length ?? 0;
  return count > 0 && count <= FEW && ONLY_EMOJI.test(shown);
}

function lines(text, known) {
  const parts = document.createDocumentFragment();
  for (const piece of text.split(/((?:^>[^\n]*(?:\n|$))+)/m)) {
    if (!piece) continue;
    if (piece.startsWith(">")) {
      const quoted = piece.trimEnd().replace(/^> ?/gm, "");
      parts.append(make("blockquote", {}, inline(quoted, known)));
    } else parts.append(inline(piece, known));
  }
  return parts;
}

function inline(text, known, depth = 0) {
  const parts = document.createDocumentFragment();
  let done = 0;
  for (const found of text.matchAll(INLINE)) {
    const made = token(found, known, depth);
    if (!made) continue;
    const [node, length] = made;
    parts.append(text.slice(done, found.index), node);
    done = found.index + length;
  }
  parts.append(text.slice(done));
  return parts;
}

/** The element of one token and how much of the text it is; null when it is none after all. */
function token({ 0: all, groups }, known, depth) {
  const kind = Object.keys(groups).find((name) => groups[name] !== undefined);
  const whole = (node) => node && [node, all.length];
  if (kind === "code") return whole(make("code", {}, all.slice(1, -1)));
  if (kind === "link") return linked(all);
  if (kind === "emoji") return whole(EMOJI.has(all.slice(1, -1).toLowerCase()) && emoji(all));
  if (kind === "name") return whole(named(all, known));
  if (kind === "room") return whole(roomed(all, known));
  if (depth >= DEEPEST) return null;
  const edge = kind === "em" ? 1 : 2;
  return whole(make(kind, {}, inline(all.slice(edge, -edge), known, depth + 1)));
}

function emoji(all) {
  const name = all.slice(1, -1).toLowerCase();
  return make("span", { title: all, role: "img", ariaLabel: name }, EMOJI.get(name));
}

function named(all, known) {
  const who = known.names?.(all.slice(1));
  return who && make("span", { className: who === "me" ? "name called" : "name" }, all);
}

function roomed(all, known) {
  const go = known.room?.(all.slice(1));
  if (!go) return null;
  const link = make("a", { href: `#/${encodeURIComponent(all.slice(1))}` }, all);
  link.addEventListener("click", (event) => {
    event.preventDefault();
    go();
  });
  return link;
}

function linked(found) {
  if (found.length > LONGEST_LINK) return null;
  const address = withoutTail(found);
  if (!URL.canParse(address)) return null;
  const facts = { href: address, target: "_blank", rel: "noopener noreferrer nofollow" };
  return [make("a", facts, address), address.length];
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
