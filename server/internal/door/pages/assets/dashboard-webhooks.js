// Webhooks: how many events wait for each URL, and the dead letters, which operators post again or remove.

import { call, command, failure } from "./dashboard-operator.js";
import { announce } from "./dashboard-parts.js";
import { count, moment } from "./dashboard-format.js";
import { t } from "./dashboard-words.js";
import { h, find, show } from "./dom.js";

const every = 10_000; // ms between looks

export class Webhooks {
  #store;
  #timer = 0;
  #shown = ""; // what is drawn, so that an unchanged list keeps the focus

  constructor(store) {
    this.#store = store;
    store.view(["operator"], () => this.#look());
    document.addEventListener("visibilitychange", () => this.#look());
  }

  // #look asks for the webhooks, and again later. A page that nobody sees asks for nothing.
  async #look() {
    clearTimeout(this.#timer);
    if (document.hidden || this.#store.operator.state !== "operator") {
      if (!document.hidden) {
        show(find("#webhooks"), false);
        this.#store.set("webhooks", []);
      }
      return;
    }
    const answer = await call("GET", "v1/admin/webhooks");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), every);
    if (answer.status !== 200 || this.#store.operator.state !== "operator") return;
    const { webhooks } = answer.body;
    this.#store.set("webhooks", webhooks);
    show(find("#webhooks"), webhooks.length > 0);
    const text = JSON.stringify(webhooks);
    if (text === this.#shown) return;
    this.#shown = text;
    find("#webhooks-list").replaceChildren(...webhooks.map((hook) => this.#draw(hook)));
  }

  #draw(hook) {
    const name = hook.url || t("otherNode", hook.id);
    const facts = t("hookFacts", count(hook.waiting + hook.delivered), count(hook.done), count(hook.dead), hook.dropped > 0 ? count(hook.dropped) : "");
    return h(
      "li", {},
      h("p", {}, h("strong", { translate: "no" }, name), " ", h("span", { class: "muted" }, facts)),
      hook.dead_letters.length > 0 ? h("ul", {}, ...hook.dead_letters.map((letter) => this.#letter(hook, letter))) : null,
    );
  }

  #letter(hook, { id, event, match_id: match, since, deliveries, problem }) {
    const what = `${t("states")[event] ?? (event || t("anEvent"))} ${match || id}`;
    const button = (verb, words) => h("button", {
      type: "button", "aria-label": `${words} ${what}`, onclick: ({ currentTarget }) => this.#settle(hook, id, verb, what, currentTarget),
    }, words);
    return h(
      "li", {},
      h("p", {}, what, " ", h("span", { class: "muted" },
        h("time", { datetime: since }, moment(Date.parse(since))), t("afterDeliveries", deliveries), h("span", { lang: "en" }, problem))),
      h("p", { class: "row" }, button("retry", t("postAgain")), button("remove", t("remove"))),
    );
  }

  async #settle(hook, id, verb, what, button) {
    button.disabled = true;
    const answer = await command(`webhooks/${encodeURIComponent(hook.id)}/${verb}`, { ids: [id] });
    this.#store.touch("actions");
    button.disabled = false;
    if (answer.status !== 200) {
      announce(t("failed", failure(answer)), true);
      return;
    }
    announce(t(answer.body.ids.length === 0 ? "noDeadLetter" : verb === "retry" ? "posted" : "removed", what));
    await this.#look();
    const title = find("#webhooks-title");
    if (!document.activeElement || document.activeElement === document.body) title.focus(); // the button is gone
  }
}
