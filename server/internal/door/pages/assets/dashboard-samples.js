// What this page has seen of each queue in the last 15 minutes: the stream has no history of single queues.

const EVERY = 10_000; // ms
const KEPT = 90;
const MOST = 1000; // queues

export class Samples {
  #store;
  #by = new Map(); // by queue: {at, waiting, oldest}, the oldest first
  #next = 0;

  constructor(store) {
    this.#store = store;
    store.view(["heard"], () => this.#take());
  }

  #take() {
    const { now, queues } = this.#store;
    if (!this.#store.reached || now < this.#next) return;
    this.#next = now + EVERY;
    for (const [name, kept] of this.#by) {
      if (!queues.has(name)) kept.push({ at: now, waiting: 0, oldest: null });
      while (kept.length > 0 && now - kept[0].at > KEPT * EVERY) kept.shift();
      if (kept.every(({ waiting }) => waiting === 0)) this.#by.delete(name);
    }
    for (const queue of queues.values()) {
      if (!this.#by.has(queue.name) && (this.#by.size >= MOST || queue.waiting === 0)) continue;
      const kept = this.#by.get(queue.name) ?? [];
      kept.push({ at: now, waiting: queue.waiting, oldest: queue.oldest_since === null ? null : now - queue.oldest_since });
      this.#by.set(queue.name, kept);
    }
  }

  // of returns the data of a chart: columns of ten seconds, up to now.
  of(name) {
    const kept = this.#by.get(name) ?? [];
    const end = Math.floor(this.#store.now / EVERY) * EVERY;
    const starts = Array.from({ length: KEPT + 1 }, (_, i) => end - (KEPT - i) * EVERY);
    const seen = new Map(kept.map((sample) => [Math.floor(sample.at / EVERY) * EVERY, sample]));
    const rows = starts.map((start) => seen.get(start) ?? seen.get(start - EVERY) ?? null); // samples may be late
    return { starts, values: [rows.map((row) => row?.waiting ?? null), rows.map((row) => row?.oldest ?? null)], known: rows.map((row) => row !== null) };
  }
}
