// The page of a node, for operators: what it says of itself in Redis.

import { age, count, moment, until } from "./dashboard-format.js";
import { fact } from "./dashboard-parts.js";
import { t } from "./dashboard-words.js";
import { attribute, h, say } from "./dom.js";

export class NodePage {
  #store;
  #id = ""; // "" while it is not shown
  #message = h("p", { class: "muted", role: "status" });
  #facts = h("dl", { class: "facts numbers card", hidden: true });

  constructor(store) {
    this.#store = store;
    this.node = h("div", { class: "page" }, this.#message, this.#facts);
    store.view(["nodes", "operator"], () => this.tick());
  }

  show(id) {
    this.#id = id;
    this.tick();
  }

  hide() {
    this.#id = "";
  }

  tick() {
    const { nodes, now, known } = this.#store;
    if (this.#id === "" || !known) return;
    const node = nodes?.find(({ id }) => id === this.#id);
    say(this.#message, nodes === null ? t("operatorsSee") : node ? "" : t("nodeGone"));
    attribute(this.#facts, "hidden", !node);
    if (!node) return;
    const rows = [
      [t("nodeVersion"), h("span", { translate: "no" }, node.version || "–")], [t("sockets"), count(node.sockets)],
      [t("started"), node.started_at === null ? "–" : moment(node.started_at)],
      [t("uptime"), node.started_at === null ? "–" : age(now - node.started_at)],
      [t("lease"), node.lease_ends_at > now ? until(node.lease_ends_at, now) : t("late", age(now - node.lease_ends_at))],
      [t("warning"), node.warning ? h("span", { lang: "en" }, node.warning) : "–"],
    ];
    if (node.self) rows.push([t("state"), t("answersYou")]);
    this.#facts.replaceChildren(...rows.map(([name, value]) => fact(name, value)));
  }
}
