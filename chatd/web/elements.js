// Elements of the page: found by id, cloned from templates, written to.

export const $ = (id) => document.getElementById(id);

export const clone = (id) => $(id).content.firstElementChild.cloneNode(true);

/** Only what is new is written: a live region repeats what is written again. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function badge(element, { count, more }) {
  element.hidden = !count;
  write(element, count > 99 ? "99+" : count ? `${count}${more ? "+" : ""}` : "");
  element.ariaLabel = count ? `${element.textContent} unread` : null;
}
