// Things that open beside what one pressed, and close when one looks elsewhere: a menu of things to
// do, or whatever else floats. There is one at a time.

import { $, button, icon, make } from "./elements.js";

const MARGIN = 8; // pixels that it keeps from the edges of the page

let open = null; // { element, anchor, closed }

/** Let an element float beside an anchor until it is closed; `closed()` hears of that. */
export function float(element, anchor, closed = () => {}) {
  close();
  open = { element, anchor, closed };
  $("floating").append(element);
  place(element, anchor.getBoundingClientRect());
}

function place(element, { left, right, top, bottom }) {
  const { offsetWidth: width, offsetHeight: height } = element;
  const rightmost = innerWidth - width - MARGIN;
  const x = right - width < MARGIN ? left : right - width;
  const fits = bottom + height + MARGIN < innerHeight;
  const y = fits ? bottom + 4 : Math.max(MARGIN, top - height - 4);
  element.style.left = `${Math.max(MARGIN, Math.min(x, rightmost))}px`;
  element.style.top = `${y}px`;
}

/** Close what is open; `back`: the focus returns to where it came from. Gives whether it was. */
export function close(back = false) {
  if (!open) return false;
  const { element, anchor, closed } = open;
  open = null;
  element.remove();
  anchor.ariaExpanded = null;
  closed();
  if (back) anchor.focus();
  return true;
}

export const isOpen = () => open !== null;

document.addEventListener("pointerdown", ({ target }) => {
  const inside = open && (open.element.contains(target) || open.anchor.contains(target));
  if (!inside) close();
});
addEventListener("resize", () => close());

/**
 * Open a menu at an anchor. `items`: { label, icon, does, danger } or { head } or null, which is
 * left out. Pressed again, the anchor closes it.
 */
export function menu(anchor, label, items) {
  if (open?.anchor === anchor) return void close(true);
  const element = make("div", { className: "menu", role: "menu", ariaLabel: label });
  for (const item of items) if (item) element.append(entry(item));
  element.addEventListener("keydown", (event) => pressed(element, event));
  float(element, anchor);
  anchor.ariaExpanded = "true";
  element.querySelector("button")?.focus();
}

function entry({ head, label, icon: sign, does, danger = false, checked }) {
  if (head !== undefined) return make("p", { className: "head", role: "presentation" }, head);
  const item = button("", () => {
    close(true);
    does();
  });
  item.role = checked === undefined ? "menuitem" : "menuitemcheckbox";
  if (checked !== undefined) item.ariaChecked = String(checked);
  item.tabIndex = -1;
  item.classList.toggle("danger", danger);
  item.append(sign ? icon(sign) : "", label);
  return item;
}

function pressed(element, event) {
  const items = [...element.querySelectorAll("button")];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 };
  if (event.key in to) items[to[event.key] % items.length].focus();
  else if (event.key === "Escape") close(true);
  else if (event.key === "Tab") return void close(true);
  else return;
  event.preventDefault();
  event.stopPropagation();
}
