// The pages of one queue, one match and one node, which the address names. They take the place of the overview.

import { MatchPage } from "./dashboard-match.js";
import { NodePage } from "./dashboard-node.js";
import { QueuePage } from "./dashboard-queue.js";
import { routeOf } from "./dashboard-route.js";
import { t } from "./dashboard-words.js";
import { attribute, find, say } from "./dom.js";

export class Pages {
  #pages;
  #page = null; // the one that is shown
  #of = "";
  #title;

  // title is told the name of the page that is shown, "" for the overview.
  constructor(store, operator, title) {
    this.#pages = { queue: new QueuePage(store, operator), match: new MatchPage(store), node: new NodePage(store) };
    this.#title = title;
    addEventListener("hashchange", () => this.#follow(true));
    this.#follow(false);
  }

  tick() {
    this.#page?.tick();
  }

  #follow(moved) {
    const { page: name = "", of = "" } = routeOf(location.hash) ?? {};
    const page = this.#pages[name] ?? null;
    if (page !== null && page === this.#page && of === this.#of) return;
    this.#page?.hide();
    const before = this.#page;
    this.#page = page;
    this.#of = page === null ? "" : of;
    attribute(find("#overview"), "hidden", page !== null);
    attribute(find("#page"), "hidden", page === null);
    const title = page === null ? "" : t({ queue: "ofQueue", match: "ofMatch", node: "ofNode" }[name], of);
    this.#title(title);
    if (page === null) {
      if (before !== null) this.#goBack(moved);
      return;
    }
    say(find("#page-title"), title);
    find("#page-body").replaceChildren(page.node);
    page.show(of);
    scrollTo({ top: 0, behavior: "instant" });
    if (moved) find("#page-title").focus();
  }

  // #goBack moves the focus to where the overview was left for, or to what the address names there.
  #goBack(moved) {
    const target = document.getElementById(location.hash.slice(1)) ?? find("#now-title");
    target.scrollIntoView({ block: location.hash.length > 1 ? "start" : "nearest", behavior: "instant" });
    if (moved) find("#content").focus({ preventScroll: true });
  }
}
