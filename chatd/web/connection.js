// One line to the server that mends itself: questions and answers, back-off, what a close means.
// What is said over it is chat.js; nothing here knows the page.

const SUBPROTOCOL = "chatd.v1";
const SHORTEST_MS = 1000; // the first back-off is somewhere below this,
const LONGEST_MS = 30_000; // and no later one is above this
const HEALTHY_MS = 10_000; // online for so long, and the back-off begins anew
const SILENCE_MS = 30_000; // nothing heard for so long: ask whether anybody is there
const ANSWER_MS = 10_000; // no answer for so long: nobody is
const REFUSED_MS = 2000; // wait before trying again what the server could not do just now

const PASSING = new Set(["rate_limited", "storage_full", "storage_failed", "draining", "internal"]);

/** The server said no. `passing`: the same command may succeed later, in `after` milliseconds. */
export class Refusal extends Error {
  constructor({ code, message, retry_after_ms: after }) {
    super(message);
    this.code = code;
    this.passing = PASSING.has(code);
    this.after = after ?? REFUSED_MS;
  }
}

/** The line broke before the answer came. */
export class Lost extends Error {}

/** Whether a close code asks not to come back: chatd's own 3500-3999, applications' 4500-4999. */
const final = (code) => (code >= 3500 && code < 4000) || (code >= 4500 && code < 5000);

export class Connection {
  #url; #greet; #heard; #changed;
  #socket = null;
  #asked = new Map();
  #number = 0;
  #attempts = 0;
  #since = 0; // when the line last became good
  #heardAt = 0;
  #askedAt = 0;
  #comeBack = null; // milliseconds, from `draining`
  #timer = 0;
  state = { name: "closed" };
  limits = { message_bytes: 16_384, frame_bytes: 65_536 };

  /**
   * `greet(welcome)` logs in, `heard(event)` takes every event after that, `changed(state)` is
   * told of { name: "connecting" | "online" | "offline" (until) | "stopped" (why) | "closed" }.
   */
  constructor(url, { greet, heard, changed }) {
    this.#url = url;
    this.#greet = greet;
    this.#heard = heard;
    this.#changed = changed;
    setInterval(() => this.#watch(), 1000);
  }

  get online() {
    return this.state.name === "online";
  }

  open() {
    this.#forget();
    this.#become({ name: "connecting" });
    this.#heardAt = Date.now();
    const socket = new WebSocket(this.#url, SUBPROTOCOL);
    this.#socket = socket;
    socket.onmessage = ({ data }) => socket === this.#socket && this.#frame(JSON.parse(data));
    socket.onclose = ({ code, reason }) => socket === this.#socket && this.#closed(code, reason);
  }

  /** End it for good, until the next open(). */
  close() {
    this.#forget();
    this.#attempts = 0;
    this.#become({ name: "closed" });
  }

  /** Now would be a good time: the network is back, or somebody looks at the page again. */
  nudge() {
    if (this.state.name === "offline") this.open();
    else if (this.online && !this.#asked.size) this.ask({ type: "ping" }).catch(() => {});
  }

  /** The answer to one command. Throws Refusal or Lost; waits out a rate limit by itself. */
  async ask(command) {
    for (;;) {
      try {
        return await this.#once(command);
      } catch (error) {
        if (error.code !== "rate_limited") throw error;
        await new Promise((done) => setTimeout(done, error.after));
      }
    }
  }

  #once(command) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return Promise.reject(new Lost());
    const id = ++this.#number;
    const frame = JSON.stringify({ ...command, id });
    if (new TextEncoder().encode(frame).length > this.limits.frame_bytes) {
      // The server would close the line for it, and we would come back with it again and again.
      return Promise.reject(new Refusal({ code: "too_long", message: "this is too long to send" }));
    }
    if (!this.#asked.size) this.#askedAt = Date.now();
    this.#socket.send(frame);
    return new Promise((done, fail) => this.#asked.set(id, { done, fail }));
  }

  #frame(frame) {
    this.#heardAt = Date.now();
    if (frame.type === "ok" || frame.type === "error") {
      const waiting = this.#asked.get(frame.id);
      this.#asked.delete(frame.id);
      if (frame.type === "ok") waiting?.done(frame);
      else waiting?.fail(new Refusal(frame));
    } else if (frame.type === "welcome") {
      this.#begin(frame);
    } else {
      if (frame.type === "draining") this.#comeBack = frame.reconnect_after_ms;
      this.#heard(frame);
    }
  }

  async #begin(welcome) {
    const socket = this.#socket;
    this.limits = welcome.limits;
    try {
      await this.#greet(welcome);
    } catch (error) {
      if (error instanceof Lost || socket !== this.#socket) return; // onclose goes on from there
      if (!(error instanceof Refusal)) throw error;
      this.#forget();
      if (error.passing) this.#wait(error.after + this.#jitter());
      else this.#become({ name: "stopped", code: error.code, why: error.message });
      return;
    }
    this.#since = Date.now();
    this.#become({ name: "online" });
  }

  #closed(code, reason) {
    const healthy = this.online && Date.now() - this.#since > HEALTHY_MS;
    const comeBack = this.#comeBack;
    this.#forget();
    if (final(code)) {
      const why = reason || `the server closed the line (${code})`;
      this.#become({ name: "stopped", code, why });
      return;
    }
    if (healthy || comeBack !== null) this.#attempts = 0;
    this.#wait(comeBack ?? this.#jitter());
  }

  /** Full jitter: anything up to a bound that doubles, so that many do not come back at once. */
  #jitter() {
    return Math.random() * Math.min(LONGEST_MS, SHORTEST_MS * 2 ** this.#attempts++);
  }

  #wait(ms) {
    this.#become({ name: "offline", until: Date.now() + ms });
    this.#timer = setTimeout(() => this.open(), ms);
  }

  /** Let go of the line as it is, whether or not the other end still answers. */
  #forget() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    this.#comeBack = null;
    socket?.close();
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const { fail } of asked) fail(new Lost());
  }

  /** The browser does not tell when a line has silently died, as it does when a laptop sleeps. */
  #watch() {
    const now = Date.now();
    const waits = this.#asked.size || this.state.name === "connecting";
    if (!this.#socket) return;
    if (waits && now - Math.max(this.#heardAt, this.#askedAt) > ANSWER_MS) this.#closed(1006, "");
    else if (this.online && now - this.#heardAt > SILENCE_MS) this.nudge();
  }

  #become(state) {
    this.state = state;
    this.#changed(state);
  }
}
