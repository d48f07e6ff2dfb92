// The differences of two documents of rules, by line.

import { h } from "./dom.js";
import { t } from "./dashboard-words.js";

const CONTEXT = 2; // unchanged lines around a change
const MOST = 4_000_000; // comparisons; beyond it all lines between the common start and end count as changed

// linesOf writes a document for people: the Lua of an own policy keeps its lines.
export function linesOf(rules) {
  if (!rules) return [];
  const { source, ...rest } = rules;
  const lines = JSON.stringify(rest, null, 2).split("\n");
  return source ? [...lines, t("luaOfPolicy"), ...source.split("\n")] : lines;
}

// diff returns the lines of both: {sign, text}, with the sign " ", "-" or "+".
export function diff(before, after) {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  const same = (lines) => lines.map((text) => ({ sign: " ", text }));
  return [
    ...same(after.slice(0, start)),
    ...changed(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...same(after.slice(after.length - end)),
  ];
}

// changed keeps a longest common subsequence.
function changed(before, after) {
  const width = after.length + 1;
  const large = before.length * after.length > MOST;
  const common = new Uint32Array(large ? 0 : (before.length + 1) * width);
  for (let i = before.length - 1; i >= 0 && !large; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const at = i * width + j;
      common[at] = before[i] === after[j] ? common[at + width + 1] + 1 : Math.max(common[at + width], common[at + 1]);
    }
  }
  const lines = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const at = i * width + j;
    if (!large && i < before.length && j < after.length && before[i] === after[j]) {
      lines.push({ sign: " ", text: after[j++] });
      i++;
    } else if (i < before.length && (large || j === after.length || common[at + width] >= common[at + 1])) {
      lines.push({ sign: "-", text: before[i++] });
    } else {
      lines.push({ sign: "+", text: after[j++] });
    }
  }
  return lines;
}

const tags = { "-": "del", "+": "ins", " ": "span" };
const kinds = { "-": "removed", "+": "added", " ": "same" };

// showDiff fills a list with the changes between two documents, and reports whether there are any.
export function showDiff(list, before, after) {
  const lines = diff(linesOf(before), linesOf(after));
  const near = (i) => lines.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1).some(({ sign }) => sign !== " ");
  const items = [];
  lines.forEach(({ sign, text }, i) => {
    if (near(i)) items.push(h("li", { "data-kind": kinds[sign] }, h(tags[sign], {}, `${sign} ${text}`)));
    else if (items.at(-1)?.dataset.kind !== "gap") items.push(h("li", { "data-kind": "gap" }, "…"));
  });
  const any = lines.some(({ sign }) => sign !== " ");
  list.replaceChildren(...(any ? items : []));
  list.hidden = !any;
  return any;
}
