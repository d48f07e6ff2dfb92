// The dialog in which an operator confirms a change of rules.

import { remember, remembered } from "./dashboard-parts.js";
import { attribute, find, say } from "./dom.js";
import { t } from "./dashboard-words.js";
import { showDiff } from "./dashboard-diff.js";

export class RulesDialog {
  #dialog = find("#rules-dialog");
  #change = null;
  #carryOut;

  // carryOut makes a change and returns why it failed; "" closes the dialog. closed is called whenever it closes.
  constructor(carryOut, closed) {
    this.#carryOut = carryOut;
    this.#dialog.addEventListener("close", closed);
    find("#rules-dialog-form").addEventListener("submit", (event) => this.#submit(event));
  }

  get open() {
    return this.#dialog.open;
  }

  // ask shows a change: {pattern, before, rules, queues}; rules is null to delete.
  ask(change) {
    this.#change = change;
    const deletes = change.rules === null;
    const now = change.queues?.count ?? 0;
    say(find("#rules-dialog-verb"), t(deletes ? "deleteVerb" : "setVerb"));
    say(find("#rules-dialog-text"), deletes ? t("deletedThen") : t("setThen", now));
    for (const node of this.#dialog.querySelectorAll("[data-pattern]")) say(node, change.pattern);
    showDiff(find("#rules-dialog-diff"), change.before, change.rules);
    say(find("#rules-dialog-error"), "");
    find("#rules-by").value = remembered("name") ?? "";
    find("#rules-typed").value = "";
    const button = find("#rules-dialog-confirm");
    say(button, t(deletes ? "deleteRules" : "setRules"));
    attribute(button, "class", deletes ? "danger" : "primary");
    this.#dialog.showModal();
  }

  async #submit(event) {
    event.preventDefault();
    const { pattern } = this.#change;
    const typed = find("#rules-typed");
    if (typed.value !== pattern) {
      say(find("#rules-dialog-error"), t("notThePattern", pattern));
      typed.select();
      typed.focus();
      return;
    }
    const by = find("#rules-by").value.trim();
    remember("name", by);
    const button = find("#rules-dialog-confirm");
    if (button.getAttribute("aria-busy")) return;
    attribute(button, "aria-busy", "true");
    const problem = await this.#carryOut({ ...this.#change, by });
    attribute(button, "aria-busy", null);
    say(find("#rules-dialog-error"), problem);
    if (problem === "") this.#dialog.close();
  }
}
