// What the page knows. The stream writes it, views read it: a view names the parts it shows and is drawn once a frame
// at most, after any of them has changed.

const MINUTE = 60_000;
const MINUTES_KEPT = 1440;
const MATCHES_KEPT = 20;
const LINGER = 60_000; // ms that an empty queue stays in sight, so that the list is calm while queues fill and empty

const WHOLE = ["config", "totals", "audit", "redis", "nodes"]; // parts that are replaced as they come

export class Store {
  config = null;
  totals = null;
  audit = null; // before it is known
  redis = null;
  nodes = null; // which only operators are told
  matches = [];
  queues = new Map(); // by name
  minutes = new Map(); // by start
  link = { state: "connecting" }; // how the stream is, see dashboard-stream.js
  operator = { state: "unknown" }; // who we are, see dashboard-operator.js
  reached = false; // whether the server has found Redis; before that its numbers are none
  heardAt = null; // what the server's clock said in the last event; it says nothing before it has found Redis
  arrivedAt = 0; // when that came, by the browser's

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

  // touch says that parts have changed.
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
    this.touch(part);
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
    if (!this.known) return; // a snapshot comes first
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
      // How many were matched at its end the server does not say any more.
      const empty = { waiting: 0, proposed: 0, oldest_since: null, next_tick_at: null, matched_total: null, paused: false };
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

  // patchQueue shows what an operator's call has answered, before the stream tells it.
  patchQueue(name, fields) {
    const queue = this.queues.get(name);
    if (!queue) return;
    this.queues.set(name, { ...queue, ...fields });
    this.touch("queues");
  }

  // #hear sets our clock by the server's. What comes late makes it seem slow, so the earliest arrival counts, unless one
  // of the two was set.
  #hear(now) {
    this.arrivedAt = Date.now();
    this.touch("heard");
    if (now !== null) this.reached = true;
    if (now === null || now === this.heardAt) return; // the clock is Redis's, and is not known while that is away
    const offset = now - this.arrivedAt;
    this.#offset = Math.abs(offset - this.#offset) > 1000 ? offset : Math.max(offset, this.#offset);
    this.heardAt = now;
  }
}
