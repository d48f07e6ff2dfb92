// The table behind a chart, newest minute first. It is updated only while it is open.

import { arrange, h, say } from "./dom.js";
import { minute, moment } from "./dashboard-format.js";
import { t } from "./dashboard-words.js";
import { units } from "./dashboard-chartspecs.js";

export class ChartTable {
  #spec;
  #body = h("tbody");
  #rows = new Map(); // by the minute's start
  #data = null;

  constructor(spec) {
    this.#spec = spec;
    const heads = [t("minute"), ...spec.series.map((series) => series.label)];
    const table = h(
      "table", { class: "numbers" }, h("caption", { class: "unseen" }, t("newestFirst", spec.title, spec.note)),
      h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))), this.#body,
    );
    const box = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("tableOf", spec.title) }, table);
    this.node = h("details", {}, h("summary", {}, t("showAsTable")), box);
    this.node.addEventListener("toggle", () => this.#draw());
  }

  show(data) {
    this.#data = data;
    this.#draw();
  }

  // #draw shows the minutes that have data.
  #draw() {
    if (!this.node.open || this.#data === null) return;
    const { starts, values, known } = this.#data;
    const rows = new Map();
    for (let i = starts.length - 1; i >= 0; i--) {
      if (!known[i]) continue;
      const row = this.#rows.get(starts[i]) ?? this.#newRow(starts[i]);
      const growing = i === starts.length - 1;
      say(row.firstElementChild, growing ? t("soFar", minute(starts[i])) : minute(starts[i]));
      this.#spec.series.forEach((series, n) => say(row.children[n + 1], units[series.unit].text(values[n][i])));
      rows.set(starts[i], row);
    }
    this.#rows = rows;
    arrange(this.#body, [...rows.values()]);
  }

  #newRow(start) {
    return h("tr", { "data-minute": start }, h("th", { scope: "row", title: moment(start) }), ...this.#spec.series.map(() => h("td")));
  }
}
