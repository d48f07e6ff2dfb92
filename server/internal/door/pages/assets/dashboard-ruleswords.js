// What rules say, in few words, and the links to them.

import { duration, plural } from "./dashboard-format.js";

// hashOf is the link to a pattern, patternOf the pattern of such a link; null for other links.
export const hashOf = (pattern) => `#rules/${encodeURIComponent(pattern)}`;

export function patternOf(hash) {
  if (!hash.startsWith("#rules/")) return null;
  try {
    return decodeURIComponent(hash.slice("#rules/".length)) || null;
  } catch {
    return null;
  }
}

// fromStream and fromDocument say what the rules of the stream, and a whole document, have in common.
export function fromStream({ interval_ms, size, ready_timeout_ms, policy, rules, unreadable }) {
  return {
    interval: interval_ms === 0 ? "at once" : `every ${duration(interval_ms)}`,
    size: players(size),
    ready: ready_timeout_ms === 0 ? "no ready check" : `ready check ${duration(ready_timeout_ms)}`,
    policy: policyWords(policy, rules),
    unreadable: unreadable ? "this server can't read its rules" : "",
  };
}

export function fromDocument({ interval, size, ready_timeout: ready, policy, rules }) {
  return {
    size: players(size),
    interval: interval === "0s" ? "at once" : `every ${interval}`,
    ready: ready === "0s" ? "" : `ready check ${ready}`,
    policy: policyWords(policy, rules.length),
  };
}

// differences are the words of rules that those beside them don't have.
export function differences(rules, beside = {}) {
  return Object.keys(rules).filter((field) => rules[field] !== "" && rules[field] !== beside[field]).map((field) => rules[field]);
}

const players = (size) => (size === 2 ? "pairs" : `${size} players`);

function policyWords(policy, rules) {
  switch (policy) {
    case "rules":
      return plural(rules, "rule", "rules");
    case "fifo":
      return "first come, first served";
    case "random":
      return "in random order";
    default:
      return `policy ${policy}`;
  }
}
