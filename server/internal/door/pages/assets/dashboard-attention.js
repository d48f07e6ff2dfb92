// What needs attention: each finding names the thing, says what to do, and links to it. The thresholds are kept in this
// browser.

import { age, clock, count } from "./dashboard-format.js";
import { icon, remember, remembered } from "./dashboard-parts.js";
import { hashTo } from "./dashboard-route.js";
import { isSilent } from "./dashboard-status.js";
import { t } from "./dashboard-words.js";
import { arrange, attribute, find, h, say } from "./dom.js";

const NAMED = 3; // queues that one finding names

// thresholds are the limits of findings, with their defaults: seconds that somebody may wait, tickets that may expire in
// five minutes, and minutes that a loss is shown.
const thresholds = { oldest: 30, expired: 5, loss: 60 };

const limitOf = (name) => {
  const kept = Number(remembered(`limit.${name}`) ?? NaN);
  return Number.isFinite(kept) && kept > 0 ? kept : thresholds[name];
};

const named = (queues) => queues.slice(0, NAMED).map(({ name }) => name).join(", ") + (queues.length > NAMED ? t("more", queues.length - NAMED) : "");
const toQueues = (queues) => (queues.length === 1 ? hashTo("queue", queues[0].name) : "#queues");

// wordsOf are the title and the advice of a finding.
function wordsOf(id, ...gaps) {
  const text = t("attention")[id];
  return typeof text === "function" ? text(...gaps) : text;
}

// findings lists what is wrong, the worst first: {kind, id, words: [title, advice], href}.
export function findings(store) {
  const found = [];
  const add = (kind, id, words, href) => found.push({ kind, id, words, href });
  if (isSilent(store)) add("bad", "silent", wordsOf("silent"), "#now");
  const { redis, audit } = store;
  if (redis && !redis.up) add("bad", "away", wordsOf("away"), "#redis");
  if (redis?.up && redis.refusal) add("bad", "refuses", wordsOf("refuses", redis.refuses, redis.refusal), "#redis");
  if (redis?.lost_at && store.now - redis.lost_at < limitOf("loss") * 60_000) add("bad", "lost", wordsOf("lost", clock(redis.lost_at)), "#redis");
  if (audit?.unread) add("bad", "unread", wordsOf("unread"), "#audit");
  if (audit && !audit.ok && audit.problems.length > 0) add("bad", "audit", wordsOf("audit", audit.problems.length), "#audit");
  ofQueues(store, (kind, id, queues, ...gaps) => {
    if (queues.length > 0) add(kind, id, wordsOf(id, named(queues), ...gaps), toQueues(queues));
  });
  for (const { pattern, unreadable } of store.rules.patterns) {
    if (unreadable) add("bad", `unreadable ${pattern}`, wordsOf("unreadable", pattern), hashTo("rules", pattern));
  }
  const dead = store.webhooks.reduce((sum, hook) => sum + hook.dead, 0);
  if (dead > 0) add("bad", "letters", wordsOf("letters", dead), "#webhooks");
  for (const node of store.nodes ?? []) {
    if (node.warning) add("wait", `node ${node.id}`, wordsOf("node", node.id), hashTo("node", node.id));
    // While Redis is away no node can renew its lease.
    if (store.link.state === "live" && redis?.up && node.lease_ends_at < store.now) add("wait", `late ${node.id}`, wordsOf("late", node.id), hashTo("node", node.id));
  }
  return found;
}

function ofQueues(store, tell) {
  const live = [...store.queues.values()].filter(({ goneAt }) => goneAt === undefined);
  const limit = limitOf("oldest") * 1000;
  const old = live.filter((queue) => !queue.paused && queue.oldest_since !== null && store.now - queue.oldest_since > limit);
  const expired = store.expired.filter((queue) => queue.count >= limitOf("expired")).map(({ queue, count: n }) => ({ name: queue, n }));
  tell("bad", "policy", live.filter((queue) => queue.policy_failed && !queue.paused));
  tell("wait", "paused", live.filter(({ paused }) => paused));
  tell("wait", "starving", old.sort((a, b) => a.oldest_since - b.oldest_since), age(limit));
  tell("wait", "expiring", expired, expired.reduce((sum, { n }) => sum + n, 0));
}

export function showAttention(store, changed) {
  const list = find("#attention-list");
  const rows = new Map();
  const newRow = () => {
    const link = h("a");
    const advice = h("span");
    return { node: h("li", {}, icon("bad"), link, " ", advice), link, advice };
  };

  function draw() {
    const found = store.known ? findings(store) : [];
    for (const { id, kind, words: [title, advice], href } of found) {
      if (!rows.has(id)) rows.set(id, newRow());
      const row = rows.get(id);
      attribute(row.node, "data-kind", kind);
      attribute(row.node, "data-finding", id.split(" ")[0]);
      attribute(row.link, "href", href);
      say(row.link, title);
      say(row.advice, advice);
    }
    arrange(list, found.map(({ id }) => rows.get(id).node));
    for (const id of rows.keys()) if (!found.some((one) => one.id === id)) rows.delete(id);
    attribute(find("#attention"), "data-kind", !store.known ? null : found.length > 0 ? "bad" : "good");
    say(find("#attention-count"), !store.known ? "" : found.length > 0 ? t("needAttention", found.length) : t("allWell"));
    changed(found.length);
  }

  for (const input of document.querySelectorAll("[data-limit]")) {
    input.value = limitOf(input.dataset.limit);
    input.addEventListener("change", () => {
      remember(`limit.${input.dataset.limit}`, Number(input.value) > 0 ? input.value : null);
      input.value = limitOf(input.dataset.limit);
      draw();
    });
  }
  store.view(["queues", "rules", "redis", "audit", "nodes", "expired", "webhooks", "link"], draw);
  draw();
  return draw; // the caller calls it once a second: waiting is no event
}

// titled writes the title of the window: how many things need attention, and the page.
export function titled() {
  let found = 0;
  let page = "";
  const write = () => {
    const text = page === "" ? t("title") : t("titleOf", page);
    document.title = found > 0 ? `⚠ ${count(found)} · ${text}` : text;
  };
  return {
    count(n) { found = n; write(); },
    page(name) { page = name; write(); },
  };
}
