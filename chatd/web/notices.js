// Telling somebody who looks elsewhere: desktop notifications, if they want them, and the tab.

import { $ } from "./elements.js";
import * as keeping from "./keeping.js";

const MOST = 200; // letters of a message in a notification

/** Whether the person looks at this page just now. */
export const looked = () => document.visibilityState === "visible" && document.hasFocus();

export class Notices {
  #open;

  /** `open(room, seq)` goes to where somebody called. */
  constructor(open) {
    this.#open = open;
  }

  get possible() {
    return "Notification" in globalThis && Notification.permission !== "denied";
  }

  get on() {
    return this.possible && Notification.permission === "granted" && keeping.notify();
  }

  /** Turn them on or off; gives a sentence where that did not work. */
  async toggle() {
    if (this.on) return void keeping.setNotify(false);
    if (!("Notification" in globalThis)) return "This browser has no notifications.";
    const answer = await Notification.requestPermission();
    keeping.setNotify(answer === "granted");
    return answer === "granted" ? "" : "The browser does not allow notifications for this page.";
  }

  /** Somebody called: said if nobody looks. */
  called(room, { user, text, seq }, label) {
    if (!this.on || looked()) return;
    try {
      const title = room.direct ? user : `${user} in ${label}`;
      const facts = { body: text.slice(0, MOST), tag: `${room.name}`, icon: $("icon").href };
      const notice = new Notification(title, facts);
      notice.onclick = () => {
        window.focus();
        this.#open(room, seq);
        notice.close();
      };
    } catch {
      // some phones let only service workers notify: there the tab's title must do
    }
  }

  /** The tab: what is unread, and where one is. */
  title(unread, label, server) {
    const { count, more } = unread;
    const sign = count ? `(${count > 99 ? "99+" : `${count}${more ? "+" : ""}`}) ` : "";
    document.title = `${sign}${label} · ${server}`;
    $("icon").href = count ? $("icon").dataset.unread : $("icon").dataset.plain;
  }
}
