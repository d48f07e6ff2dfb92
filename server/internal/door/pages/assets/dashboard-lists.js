// The tables of nodes and of recent matches.

import { icon } from "./dashboard-parts.js";
import { arrange, attribute, find, h, say } from "./dom.js";
import { age, ago, count, duration, moment, roughly, until } from "./dashboard-format.js";
import { hashTo } from "./dashboard-route.js";
import { t } from "./dashboard-words.js";

// list keeps a table's rows by a key; fill writes a row's cells, passed by column name.
function list(table, columns, keyOf, fill) {
  const body = find("tbody", table);
  let rows = new Map();
  const newRow = () => {
    const cells = {};
    const nodes = Object.entries(columns).map(([name, label], i) => {
      const attributes = { "data-label": label, class: `column-${name}`, role: i === 0 ? "rowheader" : "cell" };
      cells[name] = h(i === 0 ? "th" : "td", i === 0 ? { ...attributes, scope: "row" } : attributes);
      return cells[name];
    });
    return { node: h("tr", { role: "row" }, ...nodes), cells };
  };
  return {
    draw(items) {
      const kept = new Map();
      for (const item of items) {
        const row = rows.get(keyOf(item)) ?? newRow();
        row.item = item;
        fill(row.cells, item);
        kept.set(keyOf(item), row);
      }
      rows = kept;
      arrange(body, [...rows.values()].map((row) => row.node));
    },
    tick() {
      for (const row of rows.values()) fill(row.cells, row.item);
    },
  };
}

const short = (id) => (id.length > 10 ? `${id.slice(0, 4)}…${id.slice(-4)}` : id);
const end = (id) => (id.length > 9 ? `…${id.slice(-8)}` : id); // successive ids have the same start

export function showNodes(store) {
  const columns = { id: t("node"), version: t("nodeVersion"), sockets: t("sockets"), heard: t("heartbeat"), started: t("uptime") };
  const table = list(find("#node-table"), columns, (node) => node.id, (cells, node) => {
    fillNodeName(cells.id, node);
    attribute(cells.id, "title", node.id);
    say(cells.version, node.version || "–");
    attribute(cells.version, "title", node.version || null);
    say(cells.sockets, count(node.sockets));
    // A node renews its lease well before its end. A lease that is over means a longer silence.
    const late = store.now - node.lease_ends_at;
    say(cells.heard, late > 0 ? t("late", age(late)) : t("due", until(node.lease_ends_at, store.now)));
    attribute(cells.heard, "data-kind", late > 0 ? "bad" : null);
    attribute(cells.heard, "title", t("leaseEnds", moment(node.lease_ends_at)));
    say(cells.started, node.started_at === null ? "–" : roughly(store.now - node.started_at));
    attribute(cells.started, "title", node.started_at === null ? null : t("since", moment(node.started_at)));
  });
  store.view(["nodes"], () => {
    table.draw(store.nodes ?? []);
    attribute(find("#node-box"), "hidden", store.nodes === null);
    attribute(find("#nodes-locked"), "hidden", store.nodes !== null);
  });
  return table.tick;
}

function fillNodeName(cell, node) {
  if (cell.firstChild === null) {
    const warning = h("span", { class: "warning" }, icon("bad"), h("span", { lang: "en" }));
    cell.append(h("a", { href: hashTo("node", node.id) }, short(node.id)), h("span", { class: "answers" }, t("answersYou")), warning);
  }
  const [, answers, warning] = cell.children;
  attribute(answers, "hidden", !node.self);
  attribute(warning, "hidden", !node.warning);
  say(warning.lastChild, node.warning ?? "");
}

export function showMatches(store) {
  const columns = { queue: t("queue"), made: t("when"), wait: t("longestWait"), id: t("match") };
  const table = list(find("#match-table"), columns, (match) => match.id, (cells, match) => {
    say(cells.queue, match.queue);
    attribute(cells.queue, "title", match.queue);
    say(cells.made, ago(match.made_at, store.now));
    attribute(cells.made, "title", moment(match.made_at));
    say(cells.wait, match.longest_wait_ms < 9950 ? duration(match.longest_wait_ms) : roughly(match.longest_wait_ms));
    attribute(cells.wait, "title", age(match.longest_wait_ms));
    if (cells.id.firstChild === null) cells.id.append(h("a", { href: hashTo("match", match.id) }), h("span", { class: "by-rules" }));
    say(cells.id.firstChild, end(match.id));
    attribute(cells.id.firstChild, "title", match.id);
    say(cells.id.lastChild, match.rules ? t("rulesNumber", match.rules.split(".")[0]) : ""); // the number of changes is enough to compare
    attribute(cells.id.lastChild, "title", match.rules ? t("byVersion", match.rules) : null);
  });
  store.view(["matches", "heard"], () => {
    table.draw(store.matches);
    attribute(find("#match-box"), "hidden", store.matches.length === 0);
    attribute(find("#no-matches"), "hidden", store.matches.length > 0 || !store.reached);
  });
  return table.tick;
}
