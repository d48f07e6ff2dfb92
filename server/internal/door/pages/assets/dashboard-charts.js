// All charts: the range they show, their data, their size and colours.

import { remember, remembered } from "./dashboard-parts.js";
import { find } from "./dom.js";
import { Chart } from "./dashboard-chart.js";
import { charts as specs, ranges } from "./dashboard-chartspecs.js";
import { ready } from "./dashboard-uplot.js";

const MINUTE = 60_000;

export class Charts {
  #store;
  #charts = specs.map((spec) => new Chart(spec));
  #range = Object.hasOwn(ranges, remembered("range") ?? "") ? remembered("range") : "15m";
  #shown = 0; // the newest minute shown
  #drawing = false;

  constructor(store) {
    this.#store = store;
    find("#charts").append(...this.#charts.map((chart) => chart.node));
    for (const radio of document.querySelectorAll("[name=range]")) {
      radio.checked = radio.value === this.#range;
      radio.addEventListener("change", () => {
        this.#range = radio.value;
        remember("range", radio.value);
        this.#fill();
      });
    }
    store.view(["minutes"], () => this.#fill());
    store.view(["totals"], () => this.#tellNow());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      for (const chart of this.#charts) chart.recolour();
      this.#drawSoon();
    });
    this.#followSize();
    this.#followSight();
    ready.then(() => this.#drawSoon());
  }

  // tick advances to a new minute that has no data yet.
  tick() {
    if (this.#store.known && this.#store.thisMinute !== this.#shown) this.#fill();
    this.#tellNow();
  }

  #tellNow() {
    if (!this.#store.reached) return;
    this.#charts.forEach((chart, i) => chart.tellNow(specs[i].series.map((series) => series.live?.(this.#store))));
  }

  #fill() {
    const { starts, rows } = this.#window();
    const known = rows.map((row) => row !== null);
    this.#shown = starts.at(-1);
    this.#charts.forEach((chart, i) => {
      const values = specs[i].series.map((series) => rows.map((row) => (row === null ? null : series.of(row))));
      chart.take({ starts, values, known });
    });
    this.#drawSoon();
  }

  // #drawSoon draws one chart a frame: a day of four at once takes longer than one.
  #drawSoon() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      if (this.#charts.some((chart) => chart.draw())) this.#drawSoon();
    });
  }

  // #window returns all minutes of the range up to this one; minutes in which no node ran have no row.
  #window() {
    const end = this.#store.thisMinute;
    const starts = [];
    for (let start = end - ranges[this.#range].minutes * MINUTE; start <= end; start += MINUTE) starts.push(start);
    return { starts, rows: starts.map((start) => this.#store.minutes.get(start) ?? null) };
  }

  // #followSize redraws in the next frame, once, however many charts have changed: drawing inside the observer's
  // callback would change sizes again.
  #followSize() {
    const waiting = new Map();
    const watch = new ResizeObserver((entries) => {
      if (waiting.size === 0) {
        requestAnimationFrame(() => {
          for (const [chart, width] of waiting) chart.resize(width);
          waiting.clear();
          this.#drawSoon();
        });
      }
      for (const { target, contentRect } of entries) {
        const chart = this.#charts.find(({ place }) => place === target);
        waiting.set(chart, Math.floor(contentRect.width));
      }
    });
    for (const chart of this.#charts) watch.observe(chart.place);
  }

  // #followSight skips charts that are scrolled out of view.
  #followSight() {
    const watch = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        this.#charts.find(({ place }) => place === target).seen = isIntersecting;
      }
      this.#drawSoon();
    }, { rootMargin: "200px" });
    for (const chart of this.#charts) watch.observe(chart.place);
  }
}
