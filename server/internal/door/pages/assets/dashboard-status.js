// Shows whether the numbers are current: the state of the stream, and whether Redis answers.

import { attribute, find, say } from "./dom.js";
import { clock, until } from "./dashboard-format.js";

const STALE = 12_000; // ms without an event; the server sends one every 5 s at least

export function showStatus(store) {
  const pill = find("#link");
  const text = find("#link-text");
  const banner = find("#banner");
  const bannerText = find("#banner-text");
  const bannerWait = find("#banner-wait"); // hidden from screen readers: it changes every second
  const main = find("main");

  function draw() {
    const { kind, words, old } = judge(store);
    attribute(pill, "data-kind", kind);
    say(text, words);
    attribute(main, "aria-busy", store.known ? null : "true");
    attribute(document.body, "data-loading", !store.known);
    const asOf = old && store.heardAt !== null ? `as of ${clock(store.heardAt)}` : "";
    attribute(document.body, "data-old", store.known && old);
    for (const node of document.querySelectorAll(".as-of")) say(node, asOf);
    const trouble = bannerFor(store);
    attribute(banner, "hidden", trouble === "");
    say(bannerText, trouble);
    say(bannerWait, countdown(store.link));
    if (store.config) say(find("#version"), `version ${store.config.version}`);
  }

  store.view(["link", "redis", "config", "heard"], draw);
  draw();
  return draw; // the caller calls it once a second: silence is no event
}

function judge(store) {
  const { state } = store.link;
  const since = store.heardAt === null ? "" : `, last heard at ${clock(store.heardAt)}`;
  switch (state) {
    case "connecting":
      return { kind: "wait", words: "connecting", old: true };
    case "hidden":
      return { kind: "wait", words: "resting while nobody looks", old: true };
    case "reconnecting":
      return { kind: "wait", words: `reconnecting${since}`, old: true };
    case "refused":
      return { kind: "bad", words: "refused", old: true };
    default:
  }
  if (Date.now() - store.arrivedAt > STALE) return { kind: "bad", words: `stale since ${clock(store.heardAt)}`, old: true };
  if (store.redis && !store.redis.up) return { kind: "bad", words: "Redis is down", old: true };
  return { kind: "good", words: "live", old: false };
}

function bannerFor(store) {
  const { state, why } = store.link;
  if (why) return `No live data: ${why}.`;
  if (state === "live" && store.redis && !store.redis.up) {
    return "Redis does not answer. Nobody can queue or be matched until it is back; this page shows its last values.";
  }
  return "";
}

function countdown({ why, at }) {
  return why ? `Trying again ${until(at, Date.now())}.` : "";
}
