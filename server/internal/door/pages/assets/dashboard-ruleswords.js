// What rules say, in few words, and the links to them.

import { duration } from "./dashboard-format.js";
import { hashTo, routeOf } from "./dashboard-route.js";
import { t } from "./dashboard-words.js";

// hashOf is the link to a pattern, patternOf the pattern of such a link; null for other links.
export const hashOf = (pattern) => hashTo("rules", pattern);

export function patternOf(hash) {
  const route = routeOf(hash);
  return route?.page === "rules" ? route.of : null;
}

// fromStream and fromDocument say what the rules of the stream, and a whole document, have in common.
export function fromStream({ interval_ms, size, ready_timeout_ms, policy, rules, unreadable }) {
  return {
    interval: interval_ms === 0 ? t("atOnce") : t("every", duration(interval_ms)),
    size: players(size),
    ready: ready_timeout_ms === 0 ? t("noReadyCheck") : t("readyCheck", duration(ready_timeout_ms)),
    policy: policyWords(policy, rules),
    unreadable: unreadable ? t("cantReadIts") : "",
  };
}

export function fromDocument({ interval, size, ready_timeout: ready, policy, rules }) {
  return {
    size: players(size),
    interval: interval === "0s" ? t("atOnce") : t("every", inWords(interval)),
    ready: ready === "0s" ? "" : t("readyCheck", inWords(ready)),
    policy: policyWords(policy, rules.length),
  };
}

const units = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 0.001, µs: 0.001, ns: 0.000001 };

// inWords is a duration of a document, such as 1m30s, in the language of the page.
function inWords(text) {
  const parts = [...text.matchAll(/([\d.]+)(h|ms|m|s|us|µs|ns)/g)];
  return duration(Math.round(parts.reduce((sum, [, n, unit]) => sum + n * units[unit], 0) * 1000) / 1000);
}

// nameOf is who has set rules: a name, or else how the request proved its right.
export const nameOf = (by) => t("proofs")[by] ?? by;

// differences are the words of rules that those beside them don't have.
export function differences(rules, beside = {}) {
  return Object.keys(rules).filter((field) => rules[field] !== "" && rules[field] !== beside[field]).map((field) => rules[field]);
}

const players = (size) => (size === 2 ? t("pairs") : t("players", size));

function policyWords(policy, rules) {
  switch (policy) {
    case "rules":
      return t("rulesCount", rules);
    case "fifo":
      return t("fifo");
    case "random":
      return t("random");
    default:
      return t("policy", policy);
  }
}
