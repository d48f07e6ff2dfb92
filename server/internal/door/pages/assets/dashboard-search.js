// Search for a ticket, by its player or its id: its state, the reason why it waits, and its events.

import { arrange, attribute, find, h, say } from "./dom.js";
import { age, clock, count, duration, moment, until } from "./dashboard-format.js";
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
    });
  }

  // #search tries the id first: a player named like a ticket's id can't hide that ticket.
  async #search(text) {
    this.#clear("");
    if (text === "") {
      say(find("#search-message"), "Type a player's name or the id of a ticket.");
      return;
    }
    const question = ++this.#asked;
    say(find("#search-message"), "Searching …");
    let answer;
    for (const by of ["id", "player"]) {
      this.#path = `v1/admin/tickets?${by}=${encodeURIComponent(text)}`;
      answer = await call("GET", this.#path);
      if (question !== this.#asked) return;
      if (answer.status !== 404) break;
    }
    if (answer.status === 200) this.#show(answer.body);
    else if (answer.status === 401) this.#store.set("operator", { state: "reader" });
    else if (answer.status === 404) this.#clear(`Nothing is known of a player or a ticket “${text}”. Tickets are forgotten a while after they have ended.`);
    else this.#clear(`The search failed: ${failure(answer)}.`);
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
    else if (answer?.status === 404) this.#clear("The ticket was forgotten meanwhile.");
    else this.#timer = setTimeout(() => this.#refresh(), REFRESH);
  }

  #show({ ticket, why, meets, timeline = [] }) {
    if (this.#state !== ticket.state) { // screen readers need not repeat an unchanged state
      this.#state = ticket.state;
      say(find("#search-message"), `The ticket of ${ticket.player} in queue ${ticket.queue} is ${ticket.state}.`);
    }
    attribute(find("#search-result"), "hidden", false);
    attribute(find("#search-why"), "hidden", !why);
    say(find("#search-why-text"), why ?? "");
    showFacts(ticket, meets, this.#store.now);
    showTimeline(ticket, timeline, this.#store.now);
    clearTimeout(this.#timer);
    if (live.has(ticket.state)) this.#timer = setTimeout(() => this.#refresh(), REFRESH);
  }
}

function showFacts(ticket, meets, now) {
  const facts = {
    Player: ticket.player, Queue: ticket.queue, State: ticket.reason ? `${ticket.state} (${ticket.reason})` : ticket.state,
    Waited: duration(ticket.waited_ms), Queued: moment(Date.parse(ticket.enqueued_at)),
    Expires: ticket.expires_at && !ticket.ended_at ? moment(Date.parse(ticket.expires_at)) : null,
    Ended: ticket.ended_at ? moment(Date.parse(ticket.ended_at)) : null,
    Rating: ticket.rating ?? null, Attributes: ticket.attributes ? JSON.stringify(ticket.attributes) : null,
    "Others in line": meets ? `${count(meets.others)}, ${count(meets.permitted)} may meet it now` : null,
    "Nearest player": meets?.nearest ? nearest(meets.nearest) : null, "Kept apart by": meets?.rule ?? null,
    "Earliest match": meets?.earliest ? `${until(Date.parse(meets.earliest), now)}, if nobody joins` : null,
    Match: ticket.match?.id ?? null, Room: ticket.match?.room ?? null, Ticket: ticket.id,
  };
  const shown = Object.entries(facts).filter(([, value]) => value !== null);
  find("#search-facts").replaceChildren(
    ...shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value)))),
  );
}

function nearest({ player, rating, gap }) {
  const known = [rating === undefined ? "" : `rating ${rating}`, gap === undefined ? "" : `${gap} away`].filter((text) => text !== "");
  return known.length > 0 ? `${player} (${known.join(", ")})` : player;
}

function showTimeline(ticket, timeline, now) {
  let before = null;
  const items = timeline.map(({ at, state, reason }) => {
    const time = Date.parse(at);
    const passed = before === null ? "" : `after ${duration(time - before)}`;
    before = time;
    return item(state, clock(time), at, [reason ? `reason: ${reason}` : "", passed]);
  });
  if (!ticket.ended_at && before !== null) items.push(item("now", clock(now), null, [`${age(now - before)} since then`]));
  arrange(find("#search-timeline"), items);
}

function item(state, time, at, notes) {
  const note = notes.filter((text) => text !== "").join(", ");
  return h(
    "li", { "data-state": state },
    h("time", at ? { datetime: at } : {}, time), h("strong", {}, state), h("span", { class: "muted" }, note),
  );
}
