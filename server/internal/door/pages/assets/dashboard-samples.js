// What this page has seen of each queue, by the minute: for readers, to whom the stored minutes are not open, and for the
// time since those were read.

const MINUTE = 60_000;
const EVERY = 5000; // ms
const KEPT = 60;
const MOST = 1000; // queues

export class Samples {
  #store;
  #by = new Map(); // by queue: {start, waiting, oldest, first, last} of minutes, the oldest first; totals of matches
  #next = 0;

  constructor(store) {
    this.#store = store;
    store.view(["heard"], () => this.#take());
  }

  #take() {
    const { now, queues, thisMinute: start } = this.#store;
    if (!this.#store.reached || now < this.#next) return;
    this.#next = now + EVERY;
    for (const [name, kept] of this.#by) {
      if (!queues.has(name)) add(kept, start, 0, null, null);
      while (kept.length > 0 && start - kept[0].start > KEPT * MINUTE) kept.shift();
      if (kept.every(({ waiting }) => waiting === 0)) this.#by.delete(name);
    }
    for (const queue of queues.values()) {
      if (!this.#by.has(queue.name) && (this.#by.size >= MOST || queue.waiting === 0)) continue;
      const kept = this.#by.get(queue.name) ?? [];
      add(kept, start, queue.waiting, queue.oldest_since === null ? 0 : now - queue.oldest_since, queue.matched_total);
      this.#by.set(queue.name, kept);
    }
  }

  // of returns the minutes that the page has seen of a queue, by their starts, as the server's history has them.
  of(name) {
    let total = null;
    return new Map((this.#by.get(name) ?? []).map(({ start, waiting, oldest, first, last }) => {
      const matches = last === null ? 0 : Math.max(0, last - (total ?? first));
      total = last ?? total;
      return [start, { waiting, oldest_ms: oldest, matches }];
    }));
  }
}

// add adds a sample to a minute, which keeps the most.
function add(kept, start, waiting, oldest, total) {
  if (kept.at(-1)?.start !== start) kept.push({ start, waiting: 0, oldest: 0, first: total, last: total });
  const minute = kept.at(-1);
  minute.waiting = Math.max(minute.waiting, waiting);
  minute.oldest = Math.max(minute.oldest, oldest ?? 0);
  minute.first ??= total;
  minute.last = total ?? minute.last;
}
