// One chart: its lines, a legend with the values at the crosshair, and the table behind it.

import { attribute, h, say } from "./dom.js";
import { clock, minute } from "./dashboard-format.js";
import { ChartTable } from "./dashboard-charttable.js";
import { t, tag } from "./dashboard-words.js";
import { units } from "./dashboard-chartspecs.js";
import { here } from "./dashboard-uplot.js";

const HEIGHT = 210;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const crosshair = "matchq"; // charts with the same name share it

const steps = {
  x: [MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR, 6 * HOUR, 12 * HOUR],
  tickets: Array.from({ length: 10 }, (_, i) => [1, 2, 5].map((n) => n * 10 ** i)).flat(),
  time: [
    ...[0.01, 0.1, 1, 10, 100].flatMap((n) => [n, 2 * n, 5 * n]),
    ...[SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 20 * SECOND, 30 * SECOND],
    ...[MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE],
    ...[HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR, 72 * HOUR],
  ],
};

const compact = new Intl.NumberFormat(tag, { notation: "compact" });
const labels = {
  tickets: (n) => compact.format(n),
  time: timeLabel,
  brief: timeLabel,
};

function timeLabel(ms) {
  const [size, unit] = ms < SECOND ? [1, "ms"] : ms < MINUTE ? [SECOND, "s"] : ms < HOUR ? [MINUTE, "minutes"] : [HOUR, "hours"];
  return ms === 0 ? "0" : t(unit, +(ms / size).toPrecision(3));
}

export class Chart {
  #spec;
  #plot = h("div", { class: "plot", tabindex: "0", role: "img" });
  #place = h("span", { class: "legend-time numbers" });
  #values; // of the legend
  #shown; // visible series
  #table;
  #uplot = null;
  #data = null; // see dashboard-charts.js
  #width = 0;
  #stale = false; // drawn data is out of date
  #live = []; // the series' current values, if any

  seen = false; // it is on the screen

  constructor(spec) {
    this.#spec = spec;
    this.#shown = spec.series.map(() => true);
    this.#values = spec.series.map(() => h("span", { class: "legend-value numbers" }));
    this.#table = new ChartTable(spec);
    const title = h("h3", { id: `chart-${spec.id}` }, spec.title);
    this.node = h(
      "article", { class: "card chart", "aria-labelledby": `chart-${spec.id}`, "data-chart": spec.id },
      h("header", {}, title, h("p", { class: "muted" }, spec.note), this.#place),
      this.#legend(), this.#plot, this.#table.node,
    );
    this.#plot.addEventListener("keydown", (event) => this.#move(event));
    this.#plot.addEventListener("blur", () => this.#uplot?.setCursor({ left: -10, top: -10 }, true, true));
  }

  #legend() {
    const items = this.#spec.series.map((series, i) => {
      const button = h(
        "button", { type: "button", class: "legend-item", "aria-pressed": "true" },
        swatch(series), h("span", {}, series.label), this.#values[i],
      );
      button.addEventListener("click", () => this.#toggle(i, button));
      return h("li", {}, button);
    });
    return h("ul", { class: "legend", "aria-label": t("linesOf", this.#spec.title) }, ...items);
  }

  #toggle(i, button) {
    this.#shown[i] = !this.#shown[i];
    attribute(button, "aria-pressed", String(this.#shown[i]));
    this.#uplot?.setSeries(i + 1, { show: this.#shown[i] });
  }

  // take stores the data of another range, or new data of the same range, for draw.
  take(data) {
    this.#data = data;
    this.#stale = true;
    this.#table.show(data);
    attribute(this.#plot, "aria-label", this.#summary());
  }

  // tellNow stores the current values. The minute's value is its maximum so far.
  tellNow(live) {
    this.#live = live;
    if (this.#data !== null) this.#tell();
  }

  // draw draws if there is new data and the chart is visible, or if it is the first time. It returns whether it drew.
  draw() {
    if (!this.#stale || !here() || (!this.seen && this.#uplot !== null)) return false;
    this.#stale = false;
    if (this.#uplot === null) this.#build();
    else this.#uplot.setData(this.#lines());
    this.#tell();
    return true;
  }

  // resize is called when the width for the chart has changed.
  resize(width) {
    this.#width = width;
    this.#uplot?.setSize({ width, height: HEIGHT });
    this.#stale ||= this.#uplot === null && this.#data !== null;
  }

  get place() {
    return this.#plot;
  }

  // recolour draws with the current colours.
  recolour() {
    this.#uplot?.destroy();
    this.#uplot = null;
    this.#stale = this.#data !== null;
  }

  #lines() {
    return [this.#data.starts, ...this.#data.values];
  }

  #build() {
    if (this.#width === 0) return;
    const css = getComputedStyle(this.#plot);
    const colour = (name) => css.getPropertyValue(name).trim();
    this.#uplot = new window.uPlot(this.#options(colour, css.fontFamily), this.#lines(), this.#plot);
  }

  #options(colour, family) {
    const scales = [...new Set(this.#spec.series.map((series) => series.unit))];
    const line = colour("--line");
    const grows = this.#spec.grows === true;
    const look = { stroke: colour("--muted"), font: `12px ${family}`, ticks: { stroke: line, width: 1, size: 4 }, gap: 4 };
    const grid = { stroke: line, width: 1 };
    const axes = scales.map((unit, i) => ({
      ...look, scale: unit, side: i === 0 ? 3 : 1, size: unit === "tickets" ? 46 : 58, incrs: steps[unit] ?? steps.time, space: 34,
      grid: i === 0 ? grid : { show: false }, values: (_, splits) => splits.map(labels[unit]),
    }));
    return {
      width: this.#width, height: HEIGHT, ms: 1, padding: [10, scales.length === 1 ? 24 : 0, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false, points: { size: 8 }, sync: { key: crosshair, scales: ["x", null] } },
      scales: {
        x: { time: true, range: () => [this.#data.starts[0], this.#data.starts.at(-1)] },
        ...Object.fromEntries(scales.map((unit) => [unit, { range: (_, __, most) => [0, Math.max((most ?? 0) * 1.08, units[unit].least)] }])),
      },
      axes: [{ ...look, grid, space: 56, size: 30, incrs: steps.x, values: (_, splits) => splits.map(minute) }, ...axes],
      series: [{}, ...this.#spec.series.map((series, i) => ({
        label: series.label, scale: series.unit, show: this.#shown[i], stroke: colour(series.colour), width: 2, dash: series.dash,
        points: { size: 5, width: 1.5, fill: colour("--surface"), filter: (u, si, all) => (all ? null : alone(u.data[si], grows)) },
        ...(grows && { gaps: beforeLast }),
      }))],
      hooks: {
        drawClear: [(u) => shade(u, this.#data, colour("--raised"))],
        setCursor: [() => this.#tell()],
      },
    };
  }

  // #tell shows the values at the crosshair in the legend, or else the newest.
  #tell() {
    const { starts, values } = this.#data;
    const at = this.#uplot?.cursor.idx ?? null;
    const i = at ?? starts.length - 1;
    const live = i === starts.length - 1 ? this.#live : [];
    this.#spec.series.forEach((series, n) => say(this.#values[n], units[series.unit].text(live[n] === undefined ? values[n][i] : live[n])));
    say(this.#place, i < starts.length - 1 ? t("at", minute(starts[i])) : live.some((value) => value !== undefined) ? t("now") : t("thisMinute"));
  }

  // #move moves the crosshair by the keyboard.
  #move(event) {
    const u = this.#uplot;
    if (u === null) return;
    const end = this.#data.starts.length - 1;
    const at = u.cursor.idx ?? end;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: end, PageUp: at - 10, PageDown: at + 10 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const start = this.#data.starts[Math.min(end, Math.max(0, to))];
    u.setCursor({ left: u.valToPos(start, "x"), top: u.over.clientHeight / 2 }, true, true);
  }

  #summary() {
    const { starts, values } = this.#data;
    const parts = this.#spec.series.map((series, n) => {
      const text = units[series.unit].text;
      const most = values[n].reduce((a, b) => (b === null ? a : Math.max(a ?? b, b)), null);
      return t("inLine", series.label, text(values[n].at(-1)), text(most));
    });
    return t("chartSince", this.#spec.title, clock(starts[0]), parts);
  }
}

// swatch is a sample of a series' line.
function swatch(series) {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  const line = document.createElementNS(ns, "line");
  const attributes = { x1: 0, x2: 26, y1: 5, y2: 5, "stroke-width": 2.5, "stroke-dasharray": series.dash.join(" ") || "none" };
  for (const [name, value] of Object.entries(attributes)) line.setAttribute(name, value);
  svg.setAttribute("viewBox", "0 0 26 10");
  svg.setAttribute("class", `swatch ${series.colour.slice(2)}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(line);
  return svg;
}

// beforeLast leaves the last value unconnected: the low value of a minute that has just begun is no drop.
function beforeLast(u, _, __, ___, gaps) {
  const [from, to] = u.data[0].slice(-2).map((start) => Math.round(u.valToPos(start, "x", true)));
  return [...gaps, [from - 2, to]]; // also hides the start of the drop, which is as wide as the line
}

// alone returns the values without neighbours, which would be lines without length.
function alone(values, last) {
  const found = [];
  values.forEach((value, i) => {
    if (value !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null) found.push(i);
  });
  const end = values.length - 1;
  if (last && values[end] !== null && found.at(-1) !== end) found.push(end);
  return found;
}

// shade marks the minute that is still growing.
function shade(u, { starts }, colour) {
  const from = u.valToPos(starts.at(-2), "x", true);
  u.ctx.save();
  u.ctx.fillStyle = colour;
  u.ctx.fillRect(from, u.bbox.top, u.bbox.left + u.bbox.width - from, u.bbox.height);
  u.ctx.restore();
}
