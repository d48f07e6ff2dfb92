// The state of the page. The stream writes it, views read it: a view names the parts it shows and is drawn once a frame
// at most, after any of them has changed.

const MINUTE = 60_000;
const MINUTES_KEPT = 1440;
const MATCHES_KEPT = 20;
const LINGER = 60_000; // ms that an empty queue stays visible, so that the list is calm while queues fill and empty

const WHOLE = ["config", "rules", "totals", "audit", "redis", "nodes", "expired"]; // parts that events replace as a whole

export class Store {
  config = null;
  rules = { version: "", patterns: [] }; // of the live queues, and of all
  totals = null;
  audit = null; // until it is known
  redis = null;
  expired = []; // queues of which tickets expired lately
  webhooks = []; // only operators get them; see dashboard-webhooks.js
  nodes = null; // only operators get it
  matches = [];
  queues = new Map(); // by name
  minutes = new Map(); // by start
  link = { state: "connecting" }; // state of the stream, see dashboard-stream.js
  operator = { state: "unknown" }; // see dashboard-operator.js
  reached = false; // whether the server has reached Redis; before that it has no numbers
  heardAt = null; // the server's time in the last event; null before it has reached Redis
  arrivedAt = 0; // arrival of that event, by the browser's clock

  #rulesBy = new Map(); // the rules by pattern
  #offset = 0; // from the browser's clock to the server's
  #views = [];
  #changed = new Set();

  // now is the server's clock.
  get now() {
    return Date.now() + this.#offset;
  }

  get known() {
    return this.totals !== null;
  }

  // thisMinute is the start of the newest minute, which is still growing.
  get thisMinute() {
    return Math.floor(this.now / MINUTE) * MINUTE;
  }

  // view draws now and whenever one of the parts has changed.
  view(parts, draw) {
    this.#views.push({ parts, draw });
  }

  // touch marks parts as changed.
  touch(...parts) {
    if (this.#changed.size === 0) requestAnimationFrame(() => this.#draw());
    for (const part of parts) this.#changed.add(part);
  }

  #draw() {
    const changed = this.#changed;
    this.#changed = new Set();
    for (const { parts, draw } of this.#views) if (parts.some((part) => changed.has(part))) draw();
  }

  set(part, value) {
    this[part] = value;
    if (part === "rules") this.#rulesBy = new Map(value.patterns.map((rules) => [rules.pattern, rules]));
    this.touch(part);
  }

  // rulesForAll are the rules of queues without rules of their own.
  get rulesForAll() {
    const { interval_ms, match_size: size, ready_timeout_ms } = this.config;
    return this.#rulesBy.get("*") ?? this.#rulesBy.get("") ?? { pattern: "", interval_ms, size, ready_timeout_ms, policy: "fifo", rules: 0 };
  }

  // rulesOf returns the rules of a queue; the stream has those of live queues only.
  rulesOf(queue) {
    return this.#rulesBy.get(queue.pattern) ?? this.rulesForAll;
  }

  snapshot(data) {
    this.reached = false;
    this.#hear(data.now);
    this.queues = new Map(data.queues.map((queue) => [queue.name, queue]));
    this.minutes = new Map();
    this.matches = [];
    this.#take({ ...data, queues: null });
    this.touch("queues", "minutes", "matches");
  }

  change(data) {
    if (!this.known) return; // the snapshot must come first
    this.#hear(data.now);
    this.#take(data);
  }

  #take(data) {
    for (const part of WHOLE) if (data[part] !== undefined) this.set(part, data[part]);
    if (data.queues) this.#takeQueues(data.queues);
    if (data.matches?.length) this.set("matches", [...data.matches, ...this.matches].slice(0, MATCHES_KEPT));
    if (data.minutes?.length) this.#takeMinutes(data.minutes);
    this.#forget();
  }

  #takeQueues({ set = [], gone = [] }) {
    for (const queue of set) this.queues.set(queue.name, queue);
    for (const name of gone) {
      const queue = this.queues.get(name);
      if (!queue) continue;
      // The server no longer sends how many were matched at its end.
      const empty = { waiting: 0, proposed: 0, oldest_since: null, next_tick_at: null, matched_total: null, paused: false, policy_failed: false };
      this.queues.set(name, { ...queue, ...empty, goneAt: this.now });
    }
    this.touch("queues");
  }

  #takeMinutes(minutes) {
    for (const row of minutes) this.minutes.set(row.minute, row);
    const oldest = this.thisMinute - MINUTES_KEPT * MINUTE;
    for (const start of this.minutes.keys()) if (start < oldest) this.minutes.delete(start);
    this.touch("minutes");
  }

  #forget() {
    for (const [name, queue] of this.queues) {
      if (queue.goneAt === undefined || this.now - queue.goneAt < LINGER) continue;
      this.queues.delete(name);
      this.touch("queues");
    }
  }

  // patchQueue applies the answer to an operator's call before the stream brings the change.
  patchQueue(name, fields) {
    const queue = this.queues.get(name);
    if (!queue) return;
    this.queues.set(name, { ...queue, ...fields });
    this.touch("queues");
  }

  // #hear sets our clock by the server's. A late event makes that clock seem slow, so the earliest arrival counts,
  // unless one of the two clocks was set.
  #hear(now) {
    this.arrivedAt = Date.now();
    this.touch("heard");
    if (now !== null) this.reached = true;
    if (now === null || now === this.heardAt) return; // the clock is Redis's, and unknown while Redis is away
    const offset = now - this.arrivedAt;
    this.#offset = Math.abs(offset - this.#offset) > 1000 ? offset : Math.max(offset, this.#offset);
    this.heardAt = now;
  }
}
