// The page of a queue: its numbers, its chart, who waits, its last matches, its rules, and what operators may do with it.

import { NONE, age, ago, count, duration, expiry, moment, until } from "./dashboard-format.js";
import { call, command, failure } from "./dashboard-operator.js";
import { announce, fact } from "./dashboard-parts.js";
import { QueueChart } from "./dashboard-queuechart.js";
import { hashTo } from "./dashboard-route.js";
import { differences, fromStream, hashOf } from "./dashboard-ruleswords.js";
import { table } from "./dashboard-table.js";
import { t } from "./dashboard-words.js";
import { arrange, attribute, h, say, show } from "./dom.js";

const REFRESH = 3000; // ms between looks at the line

export class QueuePage {
  #store;
  #operator;
  #name = ""; // "" while it is not shown
  #timer = 0;
  #asked = 0;
  #chart;
  #facts = h("dl", { class: "facts numbers card" });
  #buttons = ["pause", "resume", "drain"].map((action) => h("button", { type: "button", class: action === "drain" ? "danger" : null, "data-action": action }, t(action)));
  #locked = h("p", { class: "muted" }, t("operatorsSee"));
  #nobody = h("p", { class: "muted", hidden: true }, t("nobodyHere"));
  #noMatches = h("p", { class: "muted", hidden: true }, t("noMatchesHere"));
  #failure = h("p", { class: "error", role: "status" });
  #line = table("line-table", t("whoWaits"), [t("player"), t("waited"), t("rating"), t("expires"), t("state"), t("actions")]);
  #matches = table("queue-matches", t("lastMatches"), [t("match"), t("when"), t("longestWait"), t("players2")]);
  #sure = ""; // the ticket whose button was pressed once

  constructor(store, operator) {
    this.#store = store;
    this.#operator = operator;
    this.#chart = new QueueChart(store);
    for (const button of this.#buttons) button.addEventListener("click", () => operator.act(button.dataset.action, this.#name, button));
    const panel = (title, ...parts) => h("section", { class: "card" }, h("h3", {}, title), ...parts);
    this.actions = h("div", { class: "row" }, ...this.#buttons);
    this.node = h(
      "div", { class: "page" }, this.actions, this.#facts, this.#chart.node,
      panel(t("whoWaits"), this.#locked, this.#nobody, this.#failure, this.#line.node),
      panel(t("lastMatches"), this.#noMatches, this.#matches.node),
    );
    store.view(["queues", "rules", "expired", "operator"], () => this.#draw());
    store.view(["operator", "actions"], () => this.#look());
  }

  show(name) {
    this.#name = name;
    this.#line.fill([]);
    this.#matches.fill([]);
    show(this.#nobody, false);
    show(this.#noMatches, false);
    this.#chart.show(name);
    this.#draw();
    this.#look();
  }

  hide() {
    this.#name = "";
    this.#chart.show("");
    clearTimeout(this.#timer);
  }

  tick() {
    this.#draw();
  }

  #draw() {
    if (this.#name === "" || !this.#store.known) return;
    const store = this.#store;
    const queue = store.queues.get(this.#name) ?? { waiting: 0, proposed: 0, oldest_since: null, next_tick_at: null, matched_total: null, paused: false };
    const rules = store.rulesOf(queue);
    const expired = store.expired.find((one) => one.queue === this.#name)?.count ?? 0;
    const rows = [
      [t("state"), t("queueStates")[queue.paused ? "paused" : queue.policy_failed ? "failed" : queue.waiting + queue.proposed > 0 ? "open" : "empty"]],
      [t("waiting"), count(queue.waiting)], [t("proposed"), count(queue.proposed)],
      [t("oldest"), queue.oldest_since === null ? NONE : age(store.now - queue.oldest_since)],
      [t("nextTick"), queue.paused ? NONE : queue.waiting > 0 && queue.waiting < rules.size ? t("needsMore", rules.size - queue.waiting) : until(queue.next_tick_at, store.now)],
      [t("matched"), count(queue.matched_total)], [t("expiredLately"), count(expired)],
    ];
    const link = h("a", { href: hashOf(rules.pattern || "*") }, `${rules.pattern || "*"}: ${differences(fromStream(rules)).join(" · ")}`);
    const shown = document.activeElement?.closest?.("dl") === this.#facts ? this.#facts.lastElementChild : null;
    if (shown === null) this.#facts.replaceChildren(...rows.map(([name, value]) => fact(name, value)), fact(t("rules"), link));
    const operator = store.operator.state === "operator";
    attribute(this.actions, "hidden", !operator);
    show(this.#buttons[0], !queue.paused);
    show(this.#buttons[1], queue.paused);
    show(this.#locked, !operator);
    this.#chart.draw([queue.waiting, queue.oldest_since === null ? null : store.now - queue.oldest_since]);
  }

  // #look asks for the line, and again later. A page that nobody sees asks for nothing.
  async #look() {
    clearTimeout(this.#timer);
    const name = this.#name;
    const operator = this.#store.operator.state === "operator";
    show(this.#line.node, operator);
    show(this.#matches.node, operator);
    if (name === "" || !operator) return;
    const question = ++this.#asked;
    const answer = document.hidden ? null : await call("GET", `v1/admin/queues/${encodeURIComponent(name)}/tickets`);
    if (question !== this.#asked || name !== this.#name) return;
    this.#timer = setTimeout(() => this.#look(), REFRESH);
    if (answer === null) return;
    say(this.#failure, answer.status === 200 ? "" : t("loadFailed", failure(answer)));
    if (answer.status === 200) this.#fill(answer.body);
  }

  #fill({ tickets, matches }) {
    const { now } = this.#store;
    show(this.#nobody, tickets.length === 0);
    show(this.#noMatches, matches.length === 0);
    this.#line.fill(tickets.map((ticket) => ({
      key: ticket.id,
      cells: [
        h("a", { href: hashTo("ticket", ticket.id) }, h("bdi", {}, String(ticket.player))), duration(ticket.waited_ms), ticket.rating ?? NONE,
        expiry(ticket, this.#store.queues.get(this.#name)?.next_tick_at, now), t("states")[ticket.state] ?? ticket.state, this.#cancelButton(ticket),
      ],
    })));
    this.#matches.fill(matches.map((match) => ({
      key: match.id,
      cells: [
        h("a", { href: hashTo("match", match.id) }, match.id), h("time", { datetime: match.made_at, title: moment(Date.parse(match.made_at)) }, ago(Date.parse(match.made_at), now)),
        duration(Math.max(...match.players.map((player) => player.waited_ms))), h("bdi", {}, match.players.map(({ player }) => player).join(", ")),
      ],
    })));
  }

  // #cancelButton asks once more before it cancels.
  #cancelButton({ id, player }) {
    const sure = this.#sure === id;
    const button = h("button", { type: "button", class: "small danger", "aria-label": sure ? null : t("cancelOf", player) }, t(sure ? "cancelSure" : "cancel"));
    button.addEventListener("click", async () => {
      if (this.#sure !== id) {
        this.#sure = id;
        attribute(button, "aria-label", null);
        say(button, t("cancelSure"));
        return;
      }
      this.#sure = "";
      button.disabled = true;
      const answer = await command(`tickets/${encodeURIComponent(id)}/cancel`);
      if (this.#operator.worked(answer, t("doing").cancel(player))) announce(t("ticketCancelled", player));
    });
    return button;
  }
}
