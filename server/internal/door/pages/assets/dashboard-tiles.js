// The numbers at the top, and the panels about Redis and the audit.

import { icon } from "./dashboard-parts.js";
import { attribute, find, h, say } from "./dom.js";
import { NONE, age, bytes, count, duration, percent, rate } from "./dashboard-format.js";
import { t as words } from "./dashboard-words.js";

export function showTiles(store) {
  const value = (name) => find(`[data-value="${name}"]`);
  const tiles = {
    waiting: (t) => count(t.waiting),
    "waiting-note": (t) => words("inQueues", t.queues, t.proposed),
    oldest: (t) => (t.oldest_since === null ? "–" : age(store.now - t.oldest_since)),
    "oldest-note": (t) => (t.oldest_since === null ? words("nobodyWaits") : words("tickEvery", intervals(store))),
    p50: (t) => duration(t.wait_p50_ms),
    p95: (t) => duration(t.wait_p95_ms),
    p99: (t) => duration(t.wait_p99_ms),
    rate: (t) => rate(t.matches_per_minute),
    "rate-note": (t) => words("inAll", t.matches),
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
  const text = (ms) => (ms === 0 ? words("moment") : duration(ms));
  const [least, most] = [Math.min(...all), Math.max(...all)];
  return least === most ? text(least) : words("range", text(least), text(most));
}

export function showRedis(store) {
  const value = (name) => find(`[data-redis="${name}"]`);
  const missing = words("notAvailable"); // Redis is embedded, denies INFO, or has not answered yet
  const or = (known, text) => (known === null || known === undefined ? missing : text());
  store.view(["redis"], () => {
    const redis = store.redis;
    attribute(find("#redis-state"), "data-kind", redis.up && !redis.refusal ? "good" : "bad");
    say(find("#redis-state-text"), words(!redis.up ? "noAnswers" : redis.refusal ? "refuses" : "answers"));
    say(value("ping"), redis.up ? duration(redis.ping_ms) : words("noAnswer"));
    say(value("memory"), or(redis.memory_bytes, () => bytes(redis.memory_bytes)));
    say(value("clients"), or(redis.clients, () => count(redis.clients)));
    say(value("script"), or(redis.script_us, () => words("microsecondsCall", rate(redis.script_us))));
    say(value("share"), or(redis.script_share, () => words("ofOneCore", percent(redis.script_share))));
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
    const kind = store.audit === null ? "wait" : store.audit.ok && !store.audit.unread ? "good" : "bad";
    attribute(state, "data-kind", kind);
    drawing.replaceChildren(icon(kind));
    say(text, store.audit?.unread ? words("unread") : { wait: words("notKnownYet"), good: words("addsUp"), bad: words("addsUpNot", found.length) }[kind]);
    problems.replaceChildren(...found.map((problem) => h("li", {}, words("problem", problem))));
    attribute(problems, "hidden", found.length === 0);
  });
  store.view(["totals", "heard"], () => {
    for (const name of ["enqueued", "waiting", "proposed", "matched", "cancelled", "expired"]) {
      say(find(`[data-audit="${name}"]`), store.reached ? count(store.totals[name]) : NONE);
    }
  });
}
