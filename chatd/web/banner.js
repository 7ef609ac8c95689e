// What is told of the line: nothing while it is well, or comes back in a blink; else how it stands.

import { $, write } from "./elements.js";

const BLINK_MS = 1200; // a break that is over by then was none
const TOAST_MS = 7000;

export class Banner {
  #state = { name: "closed" }; #broken = 0; #toast = 0;

  /** `tryNow()` is called when somebody does not want to wait. */
  constructor(tryNow) {
    $("banner-do").addEventListener("click", tryNow);
    setInterval(() => this.#draw(), 250);
  }

  /** See connection.js for the states. */
  line(state) {
    const was = this.#state.name;
    this.#state = state;
    if (["online", "closed"].includes(was)) this.#broken = Date.now();
    this.#draw();
  }

  #draw() {
    const { name, until, why } = this.#state;
    const well = name === "online" || name === "closed";
    const stopped = name === "stopped";
    $("banner").hidden = well || (!stopped && Date.now() - this.#broken < BLINK_MS);
    if ($("banner").hidden) return;
    const wait = Math.ceil((until - Date.now()) / 1000);
    const trying = name === "connecting" || wait < 1;
    $("banner").classList.toggle("stopped", stopped);
    $("banner-do").hidden = trying && !stopped;
    write($("banner-says"), stopped ? `Not connected: ${why}` : "Offline");
    write($("banner-next"), stopped ? "" : trying ? ", trying now" : `, next try in ${wait} s`);
    write($("banner-do"), stopped ? "Connect again" : "Try now");
  }

  /** A line for a few seconds, for what belongs to no room. */
  toast(text) {
    clearTimeout(this.#toast);
    write($("toast"), text);
    this.#toast = setTimeout(() => write($("toast"), ""), TOAST_MS);
  }
}
