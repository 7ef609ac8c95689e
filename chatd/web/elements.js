// Elements of the page: found by id, cloned from templates, made, written to.

export const $ = (id) => document.getElementById(id);

export const clone = (id) => $(id).content.firstElementChild.cloneNode(true);

/** A new element with these properties and this inside: text stays text. */
export function make(tag, facts = {}, ...inside) {
  const element = Object.assign(document.createElement(tag), facts);
  element.append(...inside);
  return element;
}

export function button(inside, does, facts = {}) {
  const element = make("button", { type: "button", ...facts }, inside);
  element.addEventListener("click", does);
  return element;
}

/** One of the drawings in index.html. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** Only what is new is written: a live region repeats what is written again. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** How much is unread, and whether one is called by name. */
export function badge(element, { count, mentions = 0, more = false }) {
  element.hidden = !count;
  write(element, count > 99 ? "99+" : count ? `${count}${more ? "+" : ""}` : "");
  element.classList.toggle("called", mentions > 0);
  element.ariaLabel = count ? `${element.textContent} unread` : null;
}
