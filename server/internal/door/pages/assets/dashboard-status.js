// Shows whether the numbers are current: the state of the stream, and whether Redis answers.

import { attribute, find, say } from "./dom.js";
import { clock, until } from "./dashboard-format.js";
import { t } from "./dashboard-words.js";

const STALE = 2500; // ms without an event; the server sends one every second
const SETTLED = 3000; // ms until the page shows what it has

export function showStatus(store) {
  const pill = find("#link");
  const text = find("#link-text");
  const banner = find("#banner");
  const bannerText = find("#banner-text");
  const bannerWait = find("#banner-wait"); // hidden from screen readers: it changes every second
  const main = find("main");
  let silence = 0; // the timer that notices it

  function draw() {
    const { kind, words, old } = judge(store);
    attribute(pill, "data-kind", kind);
    say(text, words);
    attribute(main, "aria-busy", store.known ? null : "true");
    attribute(document.body, "data-loading", !store.known);
    // Rows of operators are higher than those of readers: nothing that moves with them is shown before.
    if (store.known && store.operator.state !== "unknown") attribute(document.body, "data-settling", false);
    const asOf = old && store.heardAt !== null ? t("asOf", clock(store.heardAt)) : "";
    attribute(document.body, "data-old", store.known && old);
    for (const node of document.querySelectorAll(".as-of")) say(node, asOf);
    const trouble = bannerFor(store);
    attribute(banner, "hidden", trouble === "");
    say(bannerText, trouble);
    say(bannerWait, countdown(store.link));
    if (store.config) say(find("#version"), t("version", store.config.version));
  }

  store.view(["link", "redis", "config", "heard", "operator"], draw);
  setTimeout(() => attribute(document.body, "data-settling", false), SETTLED);
  store.view(["heard"], () => {
    clearTimeout(silence);
    silence = setTimeout(draw, STALE + 50);
  });
  draw();
  return draw; // the caller calls it once a second: silence is no event
}

// isStale says whether an open stream is silent for too long.
const isStale = (store) => store.link.state === "live" && Date.now() - store.arrivedAt > STALE;

// isSilent says whether nothing has come for too long, whatever the reason. A page that nobody sees has no stream.
export function isSilent(store) {
  const { state } = store.link;
  return state === "refused" || isStale(store) || state === "reconnecting" && Date.now() - store.arrivedAt > STALE;
}

function judge(store) {
  const { state } = store.link;
  switch (state) {
    case "connecting":
      return { kind: "wait", words: t("connecting"), old: true };
    case "hidden":
      return { kind: "wait", words: t("resting"), old: true };
    case "reconnecting":
      return { kind: "wait", words: store.heardAt === null ? t("reconnecting") : t("reconnectingSince", clock(store.heardAt)), old: true };
    case "refused":
      return { kind: "bad", words: t("refused"), old: true };
    default:
  }
  if (isStale(store)) return { kind: "bad", words: t("staleSince", clock(store.heardAt)), old: true };
  if (store.redis && !store.redis.up) return { kind: "bad", words: t("redisDown"), old: true };
  return { kind: "good", words: t("live"), old: false };
}

function bannerFor(store) {
  const { state, why } = store.link;
  if (why) return t("noLiveData", why);
  if (state === "live" && store.redis && !store.redis.up) {
    return t("redisAway");
  }
  return "";
}

function countdown({ why, at }) {
  return why ? t("tryingAgain", until(at, Date.now())) : "";
}
