// The rules of all patterns, for operators: a list, a log of changes, and an editor for the pattern that the address names.

import { announce } from "./dashboard-parts.js";
import { arrange, attribute, find, h, say } from "./dom.js";
import { count, moment } from "./dashboard-format.js";
import { t } from "./dashboard-words.js";
import { call, failure } from "./dashboard-operator.js";
import { RulesEditor } from "./dashboard-ruleseditor.js";
import { showLog } from "./dashboard-ruleslog.js";
import { differences, fromDocument, nameOf, hashOf, patternOf } from "./dashboard-ruleswords.js";

const AGAIN = 3000; // ms after a failure

export class RulesPage {
  #store;
  #editor;
  #all = null; // {version, rules, changes}; null while unknown
  #asked = 0; // the newest request
  #loading = null; // the promise of that
  #timer = 0;
  #rows = new Map(); // by pattern

  constructor(store) {
    this.#store = store;
    this.#editor = new RulesEditor(store, () => this.load());
    addEventListener("hashchange", () => this.#follow(true));
    find("#rules-new-form").addEventListener("submit", (event) => this.#begin(event));
    store.view(["operator"], () => this.#show());
    store.view(["rules"], () => {
      if (this.#all !== null && store.rules.version !== this.#all.version) this.load();
    });
    store.view(["queues", "rules"], () => this.#countQueues());
  }

  #show() {
    const operator = this.#store.operator.state === "operator";
    attribute(find("#rules-all"), "hidden", !operator || this.#all === null);
    attribute(find("#rules-locked"), "hidden", operator);
    if (operator) this.load();
    else if (patternOf(location.hash) !== null) find("#rules").scrollIntoView();
  }

  // load reads all rules; what has changed meanwhile is shown.
  load() {
    clearTimeout(this.#timer);
    this.#loading = this.#read(++this.#asked);
    return this.#loading;
  }

  async #read(question) {
    const answer = await call("GET", "v1/admin/rules");
    if (question !== this.#asked) {
      await this.#loading; // a later one
      return;
    }
    if (answer.status === 401) this.#store.set("operator", { state: "reader" });
    if (answer.status !== 200) {
      say(find("#rules-version"), t("rulesUnread", failure(answer)));
      if (answer.status !== 401) this.#timer = setTimeout(() => this.load(), AGAIN);
      return;
    }
    const first = this.#all === null;
    this.#all = answer.body;
    attribute(find("#rules-all"), "hidden", this.#store.operator.state !== "operator");
    say(find("#rules-version"), this.#all.rules.length === 0 ? "" : t("version", this.#all.version));
    this.#list();
    showLog(find("#rules-log"), this.#all.changes);
    attribute(find("#rules-no-change"), "hidden", this.#all.changes.length > 0);
    this.#editor.learn(this.#all);
    if (first) this.#follow(false);
    this.#countQueues(); // the editor may show other rules now
  }

  // #follow opens the editor for the pattern in the address.
  #follow(moved) {
    if (this.#all === null) return;
    const pattern = patternOf(location.hash);
    this.#editor.open(pattern);
    this.#countQueues();
    for (const [name, row] of this.#rows) attribute(row.link, "aria-current", name === pattern ? "true" : null);
    if (pattern !== null) find("#rules-title-of").focus();
    else if (moved && location.hash === "#rules") find("#rules-title").focus();
  }

  #begin(event) {
    event.preventDefault();
    const pattern = find("#rules-new").value.trim();
    if (pattern === "") {
      find("#rules-new").focus();
      announce(t("typePattern"), true);
      return;
    }
    find("#rules-new").value = "";
    location.hash = hashOf(pattern);
  }

  #list() {
    const rows = new Map();
    for (const stored of this.#all.rules) {
      const row = this.#rows.get(stored.pattern) ?? newRow(stored.pattern);
      const words = stored.rules ? differences(fromDocument(stored.rules)).join(" · ") : t("cantRead");
      say(row.cells.words, words);
      say(row.cells.by, stored.source === "operator" ? nameOf(stored.by) : t("byFlags", stored.by));
      say(row.cells.at, moment(Date.parse(stored.at)));
      rows.set(stored.pattern, row);
    }
    this.#rows = rows;
    arrange(find("#rules-table tbody"), [...rows.values()].map((row) => row.node));
    attribute(find("#rules-box"), "hidden", rows.size === 0);
    attribute(find("#rules-none"), "hidden", rows.size > 0);
    this.#countQueues();
  }

  #countQueues() {
    if (this.#all === null || this.#store.operator.state !== "operator") return;
    const live = new Map();
    for (const { name, pattern, goneAt } of this.#store.queues.values()) {
      if (goneAt === undefined) live.set(pattern, [...(live.get(pattern) ?? []), name]);
    }
    for (const [pattern, row] of this.#rows) say(row.cells.queues, count(live.get(pattern)?.length ?? 0));
    this.#editor.showQueues(live);
  }
}

function newRow(pattern) {
  const link = h("a", { href: hashOf(pattern), class: "name" }, pattern);
  const cell = (label) => h("td", { role: "cell", "data-label": label });
  const cells = { words: cell(t("matched")), queues: cell(t("liveQueues")), by: cell(t("setBy")), at: cell(t("when")) };
  return { node: h("tr", { role: "row" }, h("th", { scope: "row", role: "rowheader" }, link), ...Object.values(cells)), link, cells };
}
