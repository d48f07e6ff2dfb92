// The page of a match, for operators: its players, the rules that made it, where it is played.

import { duration, moment } from "./dashboard-format.js";
import { call, failure } from "./dashboard-operator.js";
import { fact } from "./dashboard-parts.js";
import { hashTo } from "./dashboard-route.js";
import { table } from "./dashboard-table.js";
import { t } from "./dashboard-words.js";
import { attribute, h, say, show } from "./dom.js";

export class MatchPage {
  #store;
  #id = ""; // "" while it is not shown
  #message = h("p", { class: "muted", role: "status" });
  #facts = h("dl", { class: "facts numbers card", hidden: true });
  #players = table("player-table", t("players2"), [t("player"), t("waited"), t("rating"), t("facts").ticket, t("facts").attributes]);

  constructor(store) {
    this.#store = store;
    this.node = h("div", { class: "page" }, this.#message, this.#facts, this.#players.node);
    store.view(["operator"], () => this.#look());
  }

  show(id) {
    this.#id = id;
    attribute(this.#facts, "hidden", true);
    this.#players.fill([]);
    this.#look();
  }

  hide() {
    this.#id = "";
  }

  tick() {}

  async #look() {
    const id = this.#id;
    if (id === "") return;
    if (this.#store.operator.state !== "operator") {
      say(this.#message, t("operatorsSee"));
      show(this.#facts, false);
      this.#players.fill([]);
      return;
    }
    const answer = await call("GET", `v1/admin/matches/${encodeURIComponent(id)}`);
    if (id !== this.#id) return;
    if (answer.status === 200) this.#draw(answer.body);
    else say(this.#message, answer.status === 404 ? t("matchForgotten") : t("loadFailed", failure(answer)));
  }

  #draw(match) {
    say(this.#message, "");
    const rows = {
      queue: [t("queue"), h("a", { href: hashTo("queue", match.queue) }, h("bdi", {}, String(match.queue)))],
      state: [t("state"), t("states")[match.state] ?? match.state],
      made: [t("made"), moment(Date.parse(match.made_at))],
      deadline: match.deadline && [t("deadline"), moment(Date.parse(match.deadline))],
      rules: match.rules && [t("rules"), match.rules.version],
      room: [t("facts").room, match.room],
      assignment: match.assignment && [t("assignment"), match.assignment.connection],
      released: match.released && [t("released"), `${moment(Date.parse(match.released.at))}, ${match.released.reason}`],
    };
    this.#facts.replaceChildren(...Object.values(rows).filter(Boolean).map(([name, value]) => fact(name, value)));
    show(this.#facts, true);
    const accepted = new Set((match.accepted ?? []).map(String));
    this.#players.fill(match.players.map((player) => ({
      key: player.ticket_id,
      cells: [
        h("bdi", {}, accepted.has(String(player.player)) ? `${player.player} (${t("accepted")})` : String(player.player)),
        duration(player.waited_ms), player.rating ?? "–", h("a", { href: hashTo("ticket", player.ticket_id) }, player.ticket_id),
        player.attributes ? h("code", {}, JSON.stringify(player.attributes)) : "–",
      ],
    })));
  }
}
