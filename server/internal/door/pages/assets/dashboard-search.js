// Search for a ticket, by its player or its id: its state, the reason why it waits, and its events.

import { fact } from "./dashboard-parts.js";
import { arrange, attribute, find, h, say } from "./dom.js";
import { age, clock, duration, expiry, moment, until } from "./dashboard-format.js";
import { hashTo, ofPage } from "./dashboard-route.js";
import { t } from "./dashboard-words.js";
import { call, failure } from "./dashboard-operator.js";

const REFRESH = 3000; // ms; ended tickets do not change
const live = new Set(["waiting", "proposed"]);

export class Search {
  #store;
  #path = ""; // of the ticket shown
  #timer = 0;
  #asked = 0; // the newest request; answers to older ones are dropped
  #state = "";

  constructor(store) {
    this.#store = store;
    find("#search-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#search(find("#search-for").value.trim());
    });
    store.view(["operator"], () => {
      const operator = store.operator.state === "operator";
      attribute(find("#search-form"), "hidden", !operator);
      attribute(find("#search-locked"), "hidden", operator);
      if (!operator) this.#clear("");
      else this.#follow();
    });
    addEventListener("hashchange", () => this.#follow());
  }

  // #follow searches for the ticket in the address.
  #follow() {
    const id = ofPage("ticket");
    if (id === null || this.#store.operator.state !== "operator") return;
    find("#search-for").value = id;
    find("#search-title").scrollIntoView();
    this.#search(id);
  }

  // #search tries the id first: a player named like a ticket's id can't hide that ticket.
  async #search(text) {
    this.#clear("");
    if (text === "") {
      say(find("#search-message"), t("typeSomething"));
      return;
    }
    const question = ++this.#asked;
    say(find("#search-message"), t("searching"));
    let answer;
    for (const by of ["id", "player"]) {
      this.#path = `v1/admin/tickets?${by}=${encodeURIComponent(text)}`;
      answer = await call("GET", this.#path);
      if (question !== this.#asked) return;
      if (answer.status !== 404) break;
    }
    if (answer.status === 200) this.#show(answer.body);
    else if (answer.status === 401) this.#store.set("operator", { state: "reader" });
    else if (answer.status === 404) this.#clear(t("nothingKnown", text));
    else this.#clear(t("searchFailed", failure(answer)));
  }

  #clear(message) {
    clearTimeout(this.#timer);
    this.#path = "";
    this.#state = "";
    say(find("#search-message"), message);
    attribute(find("#search-result"), "hidden", true);
  }

  async #refresh() {
    const question = this.#asked;
    const path = this.#path;
    const answer = document.hidden ? null : await call("GET", path);
    if (question !== this.#asked || path !== this.#path) return;
    if (answer?.status === 200) this.#show(answer.body);
    else if (answer?.status === 401) this.#store.set("operator", { state: "reader" });
    else if (answer?.status === 404) this.#clear(t("forgotten"));
    else this.#timer = setTimeout(() => this.#refresh(), REFRESH);
  }

  #show({ ticket, why, why_code: code, meets, timeline = [] }) {
    if (this.#state !== ticket.state) { // screen readers need not repeat an unchanged state
      this.#state = ticket.state;
      say(find("#search-message"), t("ticketOf", ticket.player, ticket.queue, ticket.state));
    }
    attribute(find("#search-result"), "hidden", false);
    attribute(find("#search-why"), "hidden", !why);
    say(find("#search-why-text"), why ? t("why", code, why) : "");
    attribute(find("#search-why-text"), "lang", why && t("why", code, why) === why ? "en" : null); // the server's words
    showFacts(ticket, meets, this.#store.queues.get(String(ticket.queue))?.next_tick_at, this.#store.now);
    showTimeline(ticket, timeline, this.#store.now);
    clearTimeout(this.#timer);
    if (live.has(ticket.state)) this.#timer = setTimeout(() => this.#refresh(), REFRESH);
  }
}

function showFacts(ticket, meets, nextTick, now) {
  const facts = {
    player: ticket.player, queue: h("a", { href: hashTo("queue", ticket.queue) }, h("bdi", {}, String(ticket.queue))),
    state: ticket.reason ? t("stateReason", ticket.state, ticket.reason) : stateOf(ticket.state),
    waited: duration(ticket.waited_ms), queued: moment(Date.parse(ticket.enqueued_at)),
    expires: ticket.expires_at && !ticket.ended_at ? expiry(ticket, nextTick, now, moment) : null,
    ended: ticket.ended_at ? moment(Date.parse(ticket.ended_at)) : null,
    rating: ticket.rating ?? null, attributes: ticket.attributes ? h("code", {}, JSON.stringify(ticket.attributes)) : null,
    others: meets ? t("othersInLine", meets.others, meets.permitted) : null,
    nearest: meets?.nearest ? nearest(meets.nearest) : null, rule: meets?.rule ?? null,
    earliest: meets?.earliest ? t("ifNobodyJoins", until(Date.parse(meets.earliest), now)) : null,
    match: ticket.match ? h("a", { href: hashTo("match", ticket.match.id) }, ticket.match.id) : null,
    room: ticket.match?.room ?? null, ticket: ticket.id,
  };
  const shown = Object.entries(facts).filter(([, value]) => value !== null);
  find("#search-facts").replaceChildren(...shown.map(([name, value]) => fact(t("facts")[name], value)));
}

function nearest({ player, rating, gap }) {
  const known = [rating === undefined ? "" : t("ratingOf", rating), gap === undefined ? "" : t("away", gap)].filter((text) => text !== "");
  return known.length > 0 ? `${player} (${known.join(", ")})` : player;
}

function showTimeline(ticket, timeline, now) {
  let before = null;
  const items = timeline.map(({ at, state, reason }) => {
    const time = Date.parse(at);
    const passed = before === null ? "" : t("after", duration(time - before));
    before = time;
    return item(state, stateOf(state), clock(time), at, [reason ? t("reason", reason) : "", passed]);
  });
  if (!ticket.ended_at && before !== null) items.push(item("now", t("now"), clock(now), null, [t("sinceThen", age(now - before))]));
  arrange(find("#search-timeline"), items);
}

const stateOf = (state) => t("states")[state] ?? state;

function item(state, words, time, at, notes) {
  const note = notes.filter((text) => text !== "").join(", ");
  return h(
    "li", { "data-state": state },
    h("time", at ? { datetime: at } : {}, time), h("strong", {}, words), h("span", { class: "muted" }, note),
  );
}
