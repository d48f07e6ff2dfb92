// The table of queues. It may have thousands of rows that change every second, so only the page that is seen is in the
// document, rows are kept by name, and a cell is touched only if its text changes.

import { arrange, find, icon, make, mark, say } from "./dashboard-dom.js";
import { age, count, moment, plural, until } from "./dashboard-format.js";

const PAGE = 50;
const byName = new Intl.Collator("en", { numeric: true }).compare;
const last = Number.MAX_SAFE_INTEGER; // where times stand that are none

// What each column sorts by. Numbers begin with the largest, names and times with the first.
const columns = {
  name: { compare: (a, b) => byName(a.name, b.name), down: false },
  waiting: { compare: (a, b) => a.waiting - b.waiting, down: true },
  proposed: { compare: (a, b) => a.proposed - b.proposed, down: true },
  oldest: { compare: (a, b) => (a.oldest_since ?? last) - (b.oldest_since ?? last), down: false },
  next: { compare: (a, b) => (a.next_tick_at ?? last) - (b.next_tick_at ?? last), down: false },
  matched: { compare: (a, b) => (a.matched_total ?? -1) - (b.matched_total ?? -1), down: true },
  paused: { compare: (a, b) => a.paused - b.paused, down: true },
};

export class QueueTable {
  #store;
  #act;
  #rows = new Map(); // those in the document, by name
  #order = []; // names, filtered and sorted
  #sort = { column: "waiting", down: true };
  #filter = "";
  #page = 0;
  #table = find("#queue-table");
  #body = find("#queue-table tbody");

  // act is called with what an operator wants: pause, resume or drain, and the queue's name.
  constructor(store, act) {
    this.#store = store;
    this.#act = act;
    for (const header of this.#table.querySelectorAll("th[data-sort]")) {
      find("button", header).addEventListener("click", () => this.#sortBy(header.dataset.sort));
    }
    const filter = find("#queue-filter");
    filter.addEventListener("input", () => {
      this.#filter = filter.value.trim().toLowerCase();
      this.#page = 0;
      this.#draw(true);
      say(find("#filter-result"), this.#filter === "" ? "" : `${plural(this.#order.length, "queue", "queues")} found`);
    });
    find("#page-back").addEventListener("click", () => this.#turn(-1));
    find("#page-on").addEventListener("click", () => this.#turn(1));
    this.#body.addEventListener("click", (event) => this.#clicked(event));
    this.#showSort();
    store.view(["queues"], () => this.#draw(false));
    store.view(["config"], () => mark(this.#table, "data-ready-check", store.config.ready_timeout_ms > 0));
    store.view(["operator"], () => mark(this.#table, "data-read-only", store.operator.state !== "operator"));
  }

  // tick lets ages and countdowns go on.
  tick() {
    const now = this.#store.now;
    for (const row of this.#rows.values()) fillTimes(row, now);
  }

  #sortBy(column) {
    const again = this.#sort.column === column;
    this.#sort = { column, down: again ? !this.#sort.down : columns[column].down };
    this.#page = 0;
    this.#showSort();
    this.#draw(true);
  }

  #showSort() {
    for (const header of this.#table.querySelectorAll("th[data-sort]")) {
      const sorted = header.dataset.sort === this.#sort.column;
      mark(header, "aria-sort", sorted ? (this.#sort.down ? "descending" : "ascending") : null);
    }
  }

  #turn(by) {
    this.#page += by;
    this.#draw(true);
    find("#queue-box").scrollTop = 0;
  }

  // #draw keeps the order while somebody points at a row or is in one, so that no other moves under the hand; unless
  // that was asked for.
  #draw(asked) {
    const held = !asked && this.#body.matches(":hover, :focus-within");
    this.#order = held ? this.#keptOrder() : this.#sorted();
    const pages = Math.max(1, Math.ceil(this.#order.length / PAGE));
    this.#page = Math.min(Math.max(0, this.#page), pages - 1);
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
    const queues = [...this.#store.queues.values()].filter(this.#wanted);
    queues.sort((a, b) => (down ? compare(b, a) : compare(a, b)) || byName(a.name, b.name));
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
    const now = this.#store.now;
    const rows = new Map();
    for (const name of names) {
      const row = this.#rows.get(name) ?? newRow(name);
      fillRow(row, this.#store.queues.get(name));
      fillTimes(row, now);
      rows.set(name, row);
    }
    const left = document.activeElement;
    const inside = this.#body.contains(left);
    this.#rows = rows;
    arrange(this.#body, [...rows.values()].map((row) => row.node));
    if (inside && !left.isConnected) find("#queues-title").focus(); // the row that had the focus has gone
  }

  #showPage(from, shown, pages, held) {
    const all = this.#order.length;
    say(find("#page-range"), all === 0 ? "" : `${from + 1}–${from + shown} of ${count(all)}${held ? ", order kept while you are here" : ""}`);
    mark(find("#page-back"), "disabled", this.#page === 0);
    mark(find("#page-on"), "disabled", this.#page === pages - 1);
    mark(find("#pager"), "hidden", pages === 1);
  }

  #showEmpty() {
    const { queues, totals } = this.#store;
    const empty = queues.size === 0;
    mark(find("#empty"), "hidden", !empty || totals.waiting + totals.proposed > 0);
    mark(find("#no-queue"), "hidden", !empty);
    mark(find("#queue-box"), "hidden", empty);
    mark(find("#no-queue-found"), "hidden", empty || this.#order.length > 0);
  }

  #clicked(event) {
    const button = event.target.closest("button[data-action]");
    if (button) this.#act(button.dataset.action, button.closest("tr").dataset.queue, button);
  }
}

function newRow(name) {
  const cell = (label, name) => make("td", { "data-label": label, role: "cell", class: name ?? null });
  const cells = {
    waiting: cell("Waiting"), proposed: cell("Proposed", "proposed"), oldest: cell("Oldest"), next: cell("Next tick"),
    matched: cell("Matched"), state: cell("State"),
  };
  const badge = make("span", { class: "badge" }, icon("pause"), make("span"));
  cells.state.append(badge);
  const pause = make("button", { type: "button", class: "small" });
  const drain = make("button", { type: "button", class: "small danger", "data-action": "drain", "aria-label": `Drain ${name}` }, "Drain");
  const head = make("th", { scope: "row", role: "rowheader" }, make("span", { class: "name", title: name }, name));
  const actions = make("td", { class: "actions", role: "cell" }, pause, drain);
  const node = make("tr", { role: "row", "data-queue": name }, head, ...Object.values(cells), actions);
  return { node, cells, badge, pause, queue: null };
}

function fillRow(row, queue) {
  if (row.queue === queue) return; // the store replaces what changes
  row.queue = queue;
  say(row.cells.waiting, count(queue.waiting));
  say(row.cells.proposed, count(queue.proposed));
  say(row.cells.matched, count(queue.matched_total));
  const state = queue.paused ? "paused" : queue.waiting + queue.proposed > 0 ? "open" : "empty";
  say(row.badge.lastChild, state);
  mark(row.node, "data-state", state);
  const action = queue.paused ? "resume" : "pause";
  if (row.pause.dataset.action !== action) {
    row.pause.dataset.action = action;
    say(row.pause, queue.paused ? "Resume" : "Pause");
    mark(row.pause, "aria-label", `${queue.paused ? "Resume" : "Pause"} ${queue.name}`);
  }
  mark(row.cells.oldest, "title", queue.oldest_since ? `since ${moment(queue.oldest_since)}` : null);
}

function fillTimes(row, now) {
  const { oldest_since: oldest, next_tick_at: next } = row.queue;
  say(row.cells.oldest, oldest === null ? "–" : age(now - oldest));
  say(row.cells.next, until(next, now));
}
