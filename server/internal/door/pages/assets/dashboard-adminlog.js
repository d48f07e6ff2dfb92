// The log of operators: who did what, on all nodes.

import { moment } from "./dashboard-format.js";
import { call, failure } from "./dashboard-operator.js";
import { remember, remembered } from "./dashboard-parts.js";
import { hashTo } from "./dashboard-route.js";
import { t } from "./dashboard-words.js";
import { find, h, say, show } from "./dom.js";

const EVERY = 10_000; // ms between looks

const pageOf = { pause: "queue", resume: "queue", drain: "queue", set_rules: "rules", delete_rules: "rules", cancel_ticket: "ticket" };

export function showAdminLog(store) {
  let timer = 0;
  let shown = "";

  async function look() {
    clearTimeout(timer);
    const operator = store.operator.state === "operator";
    show(find("#admin-log"), operator);
    if (!operator || document.hidden) return;
    const answer = await call("GET", "v1/admin/log");
    clearTimeout(timer);
    timer = setTimeout(look, EVERY);
    say(find("#admin-log-failure"), answer.status === 200 ? "" : t("logFailed", failure(answer)));
    const text = JSON.stringify(answer.body.actions);
    if (answer.status !== 200 || text === shown) return;
    shown = text;
    find("#admin-log-list").replaceChildren(...answer.body.actions.map(row));
    show(find("#admin-log-none"), answer.body.actions.length === 0);
  }

  const name = find("#operator-name");
  name.value = remembered("name") ?? "";
  name.addEventListener("change", () => remember("name", name.value.trim()));
  store.view(["operator", "actions", "rules"], look);
  document.addEventListener("visibilitychange", look);
}

function row({ at, action, target, by, proof, result, count }) {
  const page = pageOf[action];
  const what = h("span", { translate: "no" }, target ?? "");
  const notes = [by === proof ? "" : t("proofs")[proof] ?? proof, count ? t("ended", count) : "", result ? t("refusedAs", result) : ""].filter(Boolean);
  return h(
    "li", { "data-kind": result ? "bad" : null },
    h("time", { class: "muted", datetime: at }, moment(Date.parse(at))), " ",
    h("strong", {}, by === proof ? t("proofs")[proof] ?? proof : h("bdi", {}, by)), ` ${t("did")[action] ?? action} `,
    page ? h("a", { href: hashTo(page, target) }, what) : what, notes.length > 0 ? h("span", { class: "muted" }, ` (${notes.join(", ")})`) : null,
  );
}
