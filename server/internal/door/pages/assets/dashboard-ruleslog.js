// The log of changes of rules.

import { h } from "./dom.js";
import { moment } from "./dashboard-format.js";
import { t } from "./dashboard-words.js";
import { showDiff } from "./dashboard-diff.js";
import { hashOf, nameOf } from "./dashboard-ruleswords.js";

// didWhat says in words what a change did.
export const didWhat = ({ deleted, source }) => t("change")[deleted ? "deleted" : source === "operator" ? "set" : "flags"];

// versionCount is the number of changes in a version, by which later ones are told from earlier ones.
export const versionCount = (version) => Number.parseInt(version, 10) || 0;

// showLog lists changes, the newest first. What a change did is compared with the one before of the same pattern.
export function showLog(list, changes) {
  list.replaceChildren(...changes.map((change, i) => {
    const before = changes.slice(i + 1).find(({ pattern }) => pattern === change.pattern);
    const lines = h("ul", { class: "diff" });
    const details = h("details", {}, h("summary", {}, t("whatChanged")), lines);
    details.addEventListener("toggle", () => {
      if (lines.childElementCount > 0) return;
      if (!showDiff(lines, before?.rules, change.rules)) {
        lines.append(h("li", {}, t("onlyOwner")));
        lines.hidden = false;
      }
    });
    return h(
      "li", {},
      h("p", {},
        h("strong", { translate: "no" }, nameOf(change.by)), ` ${didWhat(change)} `, h("a", { href: hashOf(change.pattern) }, change.pattern), " ",
        h("span", { class: "muted" }, h("time", { datetime: change.at }, moment(Date.parse(change.at))), t("ofVersion", change.version))),
      details,
    );
  }));
}
