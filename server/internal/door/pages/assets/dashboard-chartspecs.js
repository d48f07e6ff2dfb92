// The content of the charts. A series has a value for each minute; series of one unit share an axis. Each has its own
// colour and line style.

import { count, duration } from "./dashboard-format.js";

// least is the smallest range of an axis, so that low values look low.
export const units = {
  tickets: { text: count, least: 4 },
  time: { text: duration, least: 1000 },
  brief: { text: duration, least: 1 },
};

const dashes = [[], [7, 4], [2, 3], [10, 3, 2, 3]];

// of returns the value of a minute; live, if given, returns the current value from the store.
function series(unit, label, of, place, live) {
  return { unit, label, of, live, dash: dashes[place], colour: `--series-${place + 1}` };
}

export const charts = [
  {
    id: "waiting",
    title: "Waiting players",
    note: "the most, and the oldest wait",
    grows: true,
    series: [
      series("tickets", "Waiting", (m) => m.waiting, 0, ({ totals }) => totals.waiting),
      series("time", "Oldest wait", (m) => m.oldest_ms, 1, ({ totals, now }) => totals.oldest_since && now - totals.oldest_since),
    ],
  },
  {
    id: "flow",
    title: "Tickets a minute",
    note: "joined, and how they ended",
    grows: true, // a minute's value is final only at its end
    series: [
      series("tickets", "Enqueued", (m) => m.enqueued, 0), series("tickets", "Matched", (m) => m.matched, 1),
      series("tickets", "Cancelled", (m) => m.cancelled, 2), series("tickets", "Expired", (m) => m.expired, 3),
    ],
  },
  {
    id: "wait",
    title: "Wait until matched",
    note: "a minute; p50: half waited no longer",
    series: [
      series("time", "p50", (m) => m.wait_p50_ms, 0), series("time", "p95", (m) => m.wait_p95_ms, 1),
      series("time", "p99", (m) => m.wait_p99_ms, 2),
    ],
  },
  {
    id: "tick",
    title: "Tick duration",
    note: "how long Redis took to match; p50: half took no longer",
    series: [series("brief", "p50", (m) => m.tick_p50_ms, 0), series("brief", "Longest", (m) => m.tick_max_ms, 1)],
  },
];

export const ranges = {
  "15m": { minutes: 15, words: "15 minutes" },
  "1h": { minutes: 60, words: "hour" },
  "24h": { minutes: 1440, words: "24 hours" },
};
