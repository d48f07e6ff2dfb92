// The chart of a queue: the minutes that the server has stored, which operators see, and what this page has seen itself.

import { Chart } from "./dashboard-chart.js";
import { queueChart, ranges } from "./dashboard-chartspecs.js";
import { call } from "./dashboard-operator.js";
import { remember, remembered } from "./dashboard-parts.js";
import { Samples } from "./dashboard-samples.js";
import { ready } from "./dashboard-uplot.js";
import { t } from "./dashboard-words.js";
import { h } from "./dom.js";

const MINUTE = 60_000;
const REFRESH = MINUTE; // between two looks at the stored minutes
const none = { waiting: 0, oldest_ms: 0, matches: 0 };

export class QueueChart {
  #store;
  #samples;
  #chart = new Chart(queueChart);
  #name = ""; // "" while it is not shown
  #range = Object.hasOwn(ranges, remembered("queue-range") ?? "") ? remembered("queue-range") : "1h";
  #stored = new Map(); // by the minute's start
  #asked = 0;
  #askedAt = -Infinity;

  constructor(store) {
    this.#store = store;
    this.#samples = new Samples(store);
    const radios = Object.keys(ranges).map((value) => {
      const radio = h("input", { type: "radio", name: "queue-range", value, checked: value === this.#range });
      radio.addEventListener("change", () => {
        this.#range = value;
        remember("queue-range", value);
        this.#look();
        this.draw();
      });
      return h("label", {}, radio, h("span", {}, t("ranges")[value]));
    });
    this.node = h(
      "div", { class: "charts one" },
      h("fieldset", { class: "switch" }, h("legend", { class: "unseen" }, t("chartRange")), ...radios), this.#chart.node,
    );
    this.#chart.seen = true;
    new ResizeObserver(([entry]) => requestAnimationFrame(() => {
      this.#chart.resize(Math.floor(entry.contentRect.width));
      this.draw();
    })).observe(this.#chart.place);
    store.view(["operator"], () => this.#look());
    ready.then(() => this.draw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#chart.recolour();
      this.draw();
    });
  }

  // show is called with "" when the page is left.
  show(name) {
    this.#name = name;
    this.#stored = new Map();
    this.#look();
  }

  // draw draws the minutes up to this one. A minute of which nothing is stored is one in which nobody waited anywhere, or
  // of which nothing is known.
  draw(live = []) {
    if (this.#name === "" || !this.#store.known) return;
    if (performance.now() - this.#askedAt > REFRESH) this.#look();
    const { thisMinute: end, minutes } = this.#store;
    const seen = this.#samples.of(this.#name);
    const starts = [];
    for (let start = end - ranges[this.#range].minutes * MINUTE; start <= end; start += MINUTE) starts.push(start);
    const rows = starts.map((start) => both(this.#stored.get(start), seen.get(start)) ?? (minutes.get(start)?.waiting === 0 ? none : null));
    const values = queueChart.series.map(({ of }) => rows.map((row) => (row === null ? null : of(row))));
    this.#chart.take({ starts, values, known: rows.map((row) => row !== null) });
    this.#chart.tellNow(live);
    this.#chart.draw();
  }

  // #look asks for the stored minutes. A page that nobody sees asks for nothing.
  async #look() {
    if (this.#name === "" || this.#store.operator.state !== "operator" || document.hidden) return;
    const question = ++this.#asked;
    this.#askedAt = performance.now();
    const answer = await call("GET", `v1/admin/queues/${encodeURIComponent(this.#name)}/history?minutes=${Math.min(1440, ranges[this.#range].minutes + 1)}`);
    if (question !== this.#asked || answer.status !== 200) return; // the queue's line says what fails
    this.#stored = new Map(answer.body.minutes.map((minute) => [Date.parse(minute.at), minute]));
    this.draw();
  }
}

// both combines what is stored of a minute and what the page has seen of it.
function both(stored, seen) {
  if (stored === undefined || seen === undefined) return stored ?? seen;
  return Object.fromEntries(Object.keys(none).map((key) => [key, Math.max(stored[key], seen[key])]));
}
