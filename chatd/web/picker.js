// Choosing an emoji: the usual ones, or all whose name holds what one types.

import { EMOJI, USUAL, emojiLike } from "./emoji.js";
import { button, make } from "./elements.js";
import { close, float } from "./menu.js";

const MOST = 120;
const names = new Map([...EMOJI].map(([name, sign]) => [sign, name]));

/** Open it at an anchor; `chosen(sign)` is told once. */
export function pickEmoji(anchor, chosen) {
  const field = make("input", { type: "search", placeholder: "Find an emoji", ariaLabel: "Find an emoji" });
  const grid = make("div", { className: "grid" });
  const element = make("div", { className: "picker", role: "dialog", ariaLabel: "Emoji" }, field, grid);
  const choose = (sign) => {
    close(true);
    chosen(sign);
  };
  const draw = () => {
    const start = field.value.trim().toLowerCase().replaceAll(":", "");
    const found = start ? emojiLike(start, MOST) : USUAL.map((sign) => [names.get(sign) ?? sign, sign]);
    const signs = found.map(([name, sign]) =>
      button(sign, () => choose(sign), { title: `:${name}:`, ariaLabel: name }));
    grid.replaceChildren(...(signs.length ? signs : [make("p", {}, "No emoji has this name")]));
  };
  field.addEventListener("input", draw);
  element.addEventListener("keydown", (event) => pressed(event, field, grid));
  draw();
  float(element, anchor);
  field.focus();
}

function pressed(event, field, grid) {
  const signs = [...grid.querySelectorAll("button")];
  const at = signs.indexOf(document.activeElement);
  const columns = Math.max(1, signs.filter((s) => s.offsetTop === signs[0].offsetTop).length);
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
  if (event.key === "Escape") close(true);
  else if (event.key === "Enter" && at < 0) signs[0]?.click();
  else if (event.key === "ArrowDown" && at < 0) signs[0]?.focus();
  else if (step && at >= 0) (signs[at + step] ?? field).focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
