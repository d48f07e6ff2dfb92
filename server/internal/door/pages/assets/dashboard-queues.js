// The table of queues. It may have thousands of rows that change every second. So only the visible page of rows is in
// the document, rows are kept by name, and a cell is written only if its text changes.

import { icon, remember, remembered } from "./dashboard-parts.js";
import { arrange, attribute, find, h, say } from "./dom.js";
import { age, count, moment, until } from "./dashboard-format.js";
import { hashTo, param, setParam } from "./dashboard-route.js";
import { t } from "./dashboard-words.js";
import { differences, fromStream, hashOf } from "./dashboard-ruleswords.js";

const PAGE = 50;
const byName = new Intl.Collator("en", { numeric: true }).compare;
const last = Number.MAX_SAFE_INTEGER; // sort position of missing times

// The sort key of each column. Numbers begin with the largest, names and times with the first.
const columns = {
  name: { compare: (a, b) => byName(a.name, b.name), down: false },
  waiting: { compare: (a, b) => a.waiting - b.waiting, down: true },
  proposed: { compare: (a, b) => a.proposed - b.proposed, down: true },
  oldest: { compare: (a, b) => (a.oldest_since ?? last) - (b.oldest_since ?? last), down: false },
  next: { compare: (a, b, sizeOf) => (nextMatch(a, sizeOf(a)) ?? last) - (nextMatch(b, sizeOf(b)) ?? last), down: false },
  matched: { compare: (a, b) => (a.matched_total ?? -1) - (b.matched_total ?? -1), down: true },
  paused: { compare: (a, b) => a.paused - b.paused, down: true },
};

// nextMatch returns the time of a queue's next match, if any. A visit while too few players wait, or while the queue is
// paused, only expires tickets.
function nextMatch(queue, size) {
  return queue.paused || queue.waiting < size ? null : queue.next_tick_at;
}

export class QueueTable {
  #store;
  #act;
  #rows = new Map(); // rows in the document, by name
  #order = []; // names, filtered and sorted
  #sort = rememberedSort();
  #filter = "";
  #page = Math.max(0, (Number.parseInt(param("page"), 10) || 1) - 1);
  #table = find("#queue-table");
  #body = find("#queue-table tbody");

  // act is called with an operator's action (pause, resume or drain) and the queue's name.
  constructor(store, act) {
    this.#store = store;
    this.#act = act;
    for (const header of this.#table.querySelectorAll("th[data-sort]")) {
      find("button", header).addEventListener("click", () => this.#sortBy(header.dataset.sort));
    }
    const filter = find("#queue-filter");
    filter.value = param("find");
    this.#filter = filter.value.trim().toLowerCase();
    filter.addEventListener("input", () => {
      this.#filter = filter.value.trim().toLowerCase();
      setParam("find", filter.value.trim());
      this.#page = 0;
      setParam("page", "");
      this.#draw(true);
      say(find("#filter-result"), this.#filter === "" ? "" : t("found", this.#order.length));
    });
    find("#page-back").addEventListener("click", () => this.#turn(-1));
    find("#page-on").addEventListener("click", () => this.#turn(1));
    this.#body.addEventListener("click", (event) => this.#clicked(event));
    this.#showSort();
    store.view(["queues", "rules"], () => this.#draw(false));
    store.view(["queues", "rules"], () => this.#showProposed());
    store.view(["operator"], () => attribute(this.#table, "data-read-only", store.operator.state !== "operator"));
  }

  // tick advances ages and countdowns.
  tick() {
    const now = this.#store.now;
    for (const row of this.#rows.values()) fillTimes(row, now, this.#sizeOf(row.queue));
  }

  #sizeOf = (queue) => this.#store.rulesOf(queue).size;

  // #showProposed shows the column of proposed players if any queue may have some.
  #showProposed() {
    const { rules, queues } = this.#store;
    const any = rules.patterns.some((r) => r.ready_timeout_ms > 0) || [...queues.values()].some((q) => q.proposed > 0);
    attribute(this.#table, "data-ready-check", any);
  }

  #sortBy(column) {
    const again = this.#sort.column === column;
    this.#sort = { column, down: again ? !this.#sort.down : columns[column].down };
    const text = `${column} ${this.#sort.down ? "down" : "up"}`;
    remember("sort", text);
    setParam("sort", text);
    this.#page = 0;
    setParam("page", "");
    this.#showSort();
    this.#draw(true);
  }

  #showSort() {
    for (const header of this.#table.querySelectorAll("th[data-sort]")) {
      const sorted = header.dataset.sort === this.#sort.column;
      attribute(header, "aria-sort", sorted ? (this.#sort.down ? "descending" : "ascending") : null);
    }
  }

  #turn(by) {
    this.#page += by;
    this.#draw(true);
    setParam("page", this.#page === 0 ? "" : String(this.#page + 1));
    find("#queue-box").scrollTop = 0;
  }

  // #draw keeps the order while the pointer or the focus is in a row, so that no other row moves there; unless a new
  // order was asked for.
  #draw(asked) {
    const held = !asked && this.#body.matches(":hover, :focus-within");
    this.#order = held ? this.#keptOrder() : this.#sorted();
    const pages = Math.max(1, Math.ceil(this.#order.length / PAGE));
    if (this.#store.known) this.#page = Math.min(Math.max(0, this.#page), pages - 1);
    const from = this.#page * PAGE;
    const names = this.#order.slice(from, from + PAGE);
    this.#fill(names);
    this.#showPage(from, names.length, pages, held);
    this.#showEmpty();
  }

  #wanted = (queue) => this.#filter === "" || queue.name.toLowerCase().includes(this.#filter);

  #sorted() {
    const { column, down } = this.#sort;
    const compare = columns[column].compare;
    const sizeOf = this.#sizeOf;
    const queues = [...this.#store.queues.values()].filter(this.#wanted);
    queues.sort((a, b) => (down ? compare(b, a, sizeOf) : compare(a, b, sizeOf)) || byName(a.name, b.name));
    return queues.map((queue) => queue.name);
  }

  #keptOrder() {
    const queues = this.#store.queues;
    const kept = this.#order.filter((name) => queues.has(name));
    const known = new Set(kept);
    for (const queue of queues.values()) if (this.#wanted(queue) && !known.has(queue.name)) kept.push(queue.name);
    return kept;
  }

  #fill(names) {
    const store = this.#store;
    const rows = new Map();
    for (const name of names) {
      const row = this.#rows.get(name) ?? newRow(name);
      const queue = store.queues.get(name);
      fillRow(row, queue);
      fillRules(row, store.rulesOf(queue), store.rulesForAll);
      fillTimes(row, store.now, this.#sizeOf(queue));
      rows.set(name, row);
    }
    const left = document.activeElement;
    const inside = this.#body.contains(left);
    this.#rows = rows;
    arrange(this.#body, [...rows.values()].map((row) => row.node));
    if (inside && !left.isConnected) find("#queues-title").focus(); // the focused row was removed
  }

  #showPage(from, shown, pages, held) {
    const all = this.#order.length;
    say(find("#page-range"), all === 0 ? "" : t("pageRange", from + 1, from + shown, all, held));
    attribute(find("#page-back"), "disabled", this.#page === 0);
    attribute(find("#page-on"), "disabled", this.#page === pages - 1);
    attribute(find("#pager"), "hidden", pages === 1);
  }

  #showEmpty() {
    const { queues, totals, reached } = this.#store;
    const empty = queues.size === 0;
    attribute(find("#empty"), "hidden", !empty || !reached || totals.waiting + totals.proposed > 0);
    attribute(find("#no-queue"), "hidden", !empty || !reached);
    attribute(find("#queue-box"), "hidden", empty);
    attribute(find("#no-queue-found"), "hidden", empty || this.#order.length > 0);
  }

  #clicked(event) {
    const button = event.target.closest("button[data-action]");
    if (button) this.#act(button.dataset.action, button.closest("tr").dataset.queue, button);
  }
}

// rememberedSort is the order that the address says, or else the one that this browser last had.
function rememberedSort() {
  const [column, way] = (param("sort") || (remembered("sort") ?? "")).split(" ");
  return Object.hasOwn(columns, column) ? { column, down: way === "down" } : { column: "waiting", down: true };
}

function newRow(name) {
  const cell = (label, name) => h("td", { "data-label": label, role: "cell", class: name ?? null });
  const cells = {
    waiting: cell(t("waiting")), proposed: cell(t("proposed"), "proposed"), oldest: cell(t("oldest")), next: cell(t("nextTick")),
    matched: cell(t("matched")), state: cell(t("state")),
  };
  const badge = h("span", { class: "badge" }, icon("pause"), h("span"));
  cells.state.append(badge);
  const pause = h("button", { type: "button", class: "small" });
  const drain = h("button", { type: "button", class: "small danger", "data-action": "drain", "aria-label": t("drainQueue", name) }, t("drain"));
  const rules = h("span", { class: "own-rules", hidden: true }, h("a"), h("span"));
  const head = h("th", { scope: "row", role: "rowheader" }, h("a", { class: "name", title: name, href: hashTo("queue", name) }, h("bdi", {}, name)), rules);
  const actions = h("td", { class: "actions", role: "cell" }, pause, drain);
  const node = h("tr", { role: "row", "data-queue": name }, head, ...Object.values(cells), actions);
  return { node, cells, badge, pause, rules, queue: null };
}

function fillRow(row, queue) {
  if (row.queue === queue) return; // the store replaces changed queues
  row.queue = queue;
  say(row.cells.waiting, count(queue.waiting));
  say(row.cells.proposed, count(queue.proposed));
  say(row.cells.matched, count(queue.matched_total));
  const failed = queue.policy_failed && !queue.paused;
  const state = queue.paused ? "paused" : failed ? "failed" : queue.waiting + queue.proposed > 0 ? "open" : "empty";
  say(row.badge.lastChild, t("queueStates")[state]);
  attribute(row.badge, "title", failed ? t("failedHint") : null);
  attribute(row.node, "data-state", state);
  const action = queue.paused ? "resume" : "pause";
  if (row.pause.dataset.action !== action) {
    row.pause.dataset.action = action;
    say(row.pause, t(action));
    attribute(row.pause, "aria-label", t(`${action}Queue`, queue.name));
  }
  attribute(row.cells.oldest, "title", queue.oldest_since ? t("since", moment(queue.oldest_since)) : null);
}

// fillRules shows the pattern whose rules a queue has, if that is not the one for all, and what differs.
function fillRules(row, rules, all) {
  attribute(row.rules, "hidden", rules.pattern === all.pattern);
  if (rules.pattern === all.pattern) return;
  const text = differences(fromStream(rules), fromStream(all)).map((part) => ` · ${part}`).join("");
  say(row.rules.firstChild, rules.pattern);
  attribute(row.rules.firstChild, "href", hashOf(rules.pattern));
  say(row.rules.lastChild, text);
  attribute(row.rules, "title", rules.pattern + text);
}

function fillTimes(row, now, size) {
  const { oldest_since: oldest, next_tick_at: visit, waiting } = row.queue;
  const lonely = visit !== null && !row.queue.paused && waiting > 0 && waiting < size;
  say(row.cells.oldest, oldest === null ? "–" : age(now - oldest));
  say(row.cells.next, lonely ? t("needsMore", size - waiting) : until(nextMatch(row.queue, size), now));
}
