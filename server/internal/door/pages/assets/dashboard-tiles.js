// The numbers at the top, and the panels about Redis and the audit.

import { icon } from "./dashboard-parts.js";
import { attribute, find, h, say } from "./dom.js";
import { NONE, age, bytes, count, duration, percent, plural, rate } from "./dashboard-format.js";

export function showTiles(store) {
  const value = (name) => find(`[data-value="${name}"]`);
  const tiles = {
    waiting: (t) => count(t.waiting),
    "waiting-note": (t) => `in ${plural(t.queues, "queue", "queues")}${t.proposed ? `, ${count(t.proposed)} proposed` : ""}`,
    oldest: (t) => (t.oldest_since === null ? "–" : age(store.now - t.oldest_since)),
    "oldest-note": (t) => (t.oldest_since === null ? "nobody waits" : `a tick every ${intervals(store)}`),
    p50: (t) => duration(t.wait_p50_ms),
    p95: (t) => duration(t.wait_p95_ms),
    p99: (t) => duration(t.wait_p99_ms),
    rate: (t) => rate(t.matches_per_minute),
    "rate-note": (t) => `${count(t.matches)} in all`,
    share: (t) => percent(t.share_matched),
    games: (t) => count(t.games),
    sockets: (t) => count(t.sockets),
    nodes: (t) => count(t.nodes),
  };
  const nodes = Object.fromEntries(Object.keys(tiles).map((name) => [name, value(name)]));

  function draw() {
    if (!store.known) return;
    for (const [name, text] of Object.entries(tiles)) {
      say(nodes[name], store.reached ? text(store.totals) : name.endsWith("-note") ? "" : NONE);
    }
  }
  store.view(["totals", "config", "rules", "heard"], draw);
  return draw;
}

// intervals are those of the live queues.
function intervals(store) {
  const all = [...store.rules.patterns, store.rulesForAll].map((rules) => rules.interval_ms);
  const words = (ms) => (ms === 0 ? "moment" : duration(ms));
  const [least, most] = [Math.min(...all), Math.max(...all)];
  return least === most ? words(least) : `${words(least)} to ${words(most)}`;
}

export function showRedis(store) {
  const value = (name) => find(`[data-redis="${name}"]`);
  const missing = "not available"; // Redis is embedded, denies INFO, or has not answered yet
  const or = (known, text) => (known === null || known === undefined ? missing : text());
  store.view(["redis"], () => {
    const redis = store.redis;
    attribute(find("#redis-state"), "data-kind", redis.up ? "good" : "bad");
    say(find("#redis-state-text"), redis.up ? "answers" : "does not answer");
    say(value("ping"), redis.up ? duration(redis.ping_ms) : "no answer");
    say(value("memory"), or(redis.memory_bytes, () => bytes(redis.memory_bytes)));
    say(value("clients"), or(redis.clients, () => count(redis.clients)));
    say(value("script"), or(redis.script_us, () => `${rate(redis.script_us)} µs a call`));
    say(value("share"), or(redis.script_share, () => `${percent(redis.script_share)} of one core`));
  });
}

// showAudit shows whether every ticket is accounted for: enqueued = waiting + proposed + matched + cancelled + expired.
export function showAudit(store) {
  const state = find("#audit-state");
  const text = find("#audit-state-text");
  const drawing = find("#audit-icon");
  const problems = find("#audit-problems");
  store.view(["audit"], () => {
    const found = store.audit?.problems ?? [];
    const kind = store.audit === null ? "wait" : store.audit.ok ? "good" : "bad";
    attribute(state, "data-kind", kind);
    drawing.replaceChildren(icon(kind));
    say(text, { wait: "not known yet", good: "adds up", bad: `does not add up: ${plural(found.length, "problem", "problems")}` }[kind]);
    problems.replaceChildren(...found.map((problem) => h("li", {}, problem)));
    attribute(problems, "hidden", kind !== "bad");
  });
  store.view(["totals", "heard"], () => {
    for (const name of ["enqueued", "waiting", "proposed", "matched", "cancelled", "expired"]) {
      say(find(`[data-audit="${name}"]`), store.reached ? count(store.totals[name]) : NONE);
    }
  });
}
