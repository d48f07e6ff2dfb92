// Webhooks: how many events wait for each URL, and the dead letters, which operators post again or remove.

import { call, failure } from "./dashboard-operator.js";
import { announce } from "./dashboard-parts.js";
import { count, moment, plural } from "./dashboard-format.js";
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
      if (!document.hidden) show(find("#webhooks"), false);
      return;
    }
    const answer = await call("GET", "v1/admin/webhooks");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), every);
    if (answer.status !== 200 || this.#store.operator.state !== "operator") return;
    const { webhooks } = answer.body;
    show(find("#webhooks"), webhooks.length > 0);
    const text = JSON.stringify(webhooks);
    if (text === this.#shown) return;
    this.#shown = text;
    find("#webhooks-list").replaceChildren(...webhooks.map((hook) => this.#draw(hook)));
  }

  #draw(hook) {
    const name = hook.url || `${hook.id} (not of the node that answers)`;
    const facts = `${count(hook.waiting + hook.delivered)} on their way, ${count(hook.done)} done, ${count(hook.dead)} dead`;
    const dropped = hook.dropped > 0 ? `, ${count(hook.dropped)} dropped` : "";
    return h(
      "li", {},
      h("p", {}, h("strong", {}, name), " ", h("span", { class: "muted" }, facts + dropped)),
      hook.dead_letters.length > 0 ? h("ul", {}, ...hook.dead_letters.map((letter) => this.#letter(hook, letter))) : null,
    );
  }

  #letter(hook, { id, event, match_id: match, since, deliveries, problem }) {
    const what = `${event || "an event"} ${match || id}`;
    const button = (verb, words) => h("button", {
      type: "button", "aria-label": `${words} ${what}`, onclick: ({ currentTarget }) => this.#settle(hook, id, verb, what, currentTarget),
    }, words);
    return h(
      "li", {},
      h("p", {}, what, " ", h("span", { class: "muted" },
        h("time", { datetime: since }, moment(Date.parse(since))), `, after ${plural(deliveries, "delivery", "deliveries")}: ${problem}`)),
      h("p", { class: "row" }, button("retry", "Post again"), button("remove", "Remove")),
    );
  }

  async #settle(hook, id, verb, what, button) {
    button.disabled = true;
    const answer = await call("POST", `v1/admin/webhooks/${encodeURIComponent(hook.id)}/${verb}`, { ids: [id] });
    button.disabled = false;
    if (answer.status !== 200) {
      announce(`That failed: ${failure(answer)}.`, true);
      return;
    }
    announce(answer.body.ids.length === 0 ? `${what} was no dead letter any more.` : `${what} ${verb === "retry" ? "is posted again" : "was removed"}.`);
    await this.#look();
    const title = find("#webhooks-title");
    if (!document.activeElement || document.activeElement === document.body) title.focus(); // the button is gone
  }
}
