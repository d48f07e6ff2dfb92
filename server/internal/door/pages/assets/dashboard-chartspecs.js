// The content of the charts. A series has a value for each minute; series of one unit share an axis. Each has its own
// colour and line style.

import { count, duration } from "./dashboard-format.js";
import { t } from "./dashboard-words.js";

// least is the smallest range of an axis, so that low values look low.
export const units = {
  tickets: { text: count, least: 4 },
  time: { text: duration, least: 1000 },
  brief: { text: duration, least: 1 },
};

const dashes = [[], [7, 4], [2, 3], [10, 3, 2, 3]];

// of returns the value of a minute; live, if given, returns the current value from the store.
function series(unit, of, place, live) {
  return { unit, of, live, dash: dashes[place], colour: `--series-${place + 1}` };
}

// named adds the title, the note and the labels in the language of the page.
function named(spec) {
  const [title, note, ...labels] = t("charts")[spec.id];
  return { ...spec, title, note, series: spec.series.map((one, i) => ({ ...one, label: labels[i] })) };
}

export const charts = [
  {
    id: "waiting",
    grows: true,
    series: [
      series("tickets", (m) => m.waiting, 0, ({ totals }) => totals.waiting),
      series("time", (m) => m.oldest_ms, 1, ({ totals, now }) => totals.oldest_since && now - totals.oldest_since),
    ],
  },
  {
    id: "flow",
    grows: true, // a minute's value is final only at its end
    series: [
      series("tickets", (m) => m.enqueued, 0), series("tickets", (m) => m.matched, 1),
      series("tickets", (m) => m.cancelled, 2), series("tickets", (m) => m.expired, 3),
    ],
  },
  {
    id: "wait",
    series: [
      series("time", (m) => m.wait_p50_ms, 0), series("time", (m) => m.wait_p95_ms, 1),
      series("time", (m) => m.wait_p99_ms, 2),
    ],
  },
  {
    id: "tick",
    series: [series("brief", (m) => m.tick_p50_ms, 0), series("brief", (m) => m.tick_max_ms, 1)],
  },
].map(named);

// queueChart shows one queue.
export const queueChart = named({
  id: "queue",
  grows: true,
  series: [series("tickets", (m) => m.waiting, 0), series("time", (m) => m.oldest_ms, 1), series("tickets", (m) => m.matches, 2)],
});

export const ranges = {
  "15m": { minutes: 15 },
  "1h": { minutes: 60 },
  "24h": { minutes: 1440 },
};
