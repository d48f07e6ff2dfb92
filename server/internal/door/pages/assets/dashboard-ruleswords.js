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
    interval: interval === "0s" ? t("atOnce") : t("every", interval),
    ready: ready === "0s" ? "" : t("readyCheck", ready),
    policy: policyWords(policy, rules.length),
  };
}

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
