// The one stream of the page. It is open while the page is visible, reconnects by itself, and reports its state:
//   connecting, live, hidden
//   reconnecting {why?, at?}  it has broken; at is the time of our next attempt, unless the browser retries
//   refused {why, at}         the server answers, but not with a stream

import { events, open, url } from "./dashboard-early.js";
import { t } from "./dashboard-words.js";

const SILENCE = 10_000; // ms after which a silent stream is closed; the server sends an event every second
const SLOWEST = 15_000; // ms between attempts

export class Stream {
  #store;
  #source = null;
  #again = 0; // the timer of the next attempt
  #failures = 0;
  #sign = 0; // time of the last sign of life

  constructor(store) {
    this.#store = store;
    document.addEventListener("visibilitychange", () => this.#follow());
    addEventListener("pagehide", () => this.#close("hidden"));
    addEventListener("pageshow", () => this.#follow());
    this.#follow();
    this.#followOperator();
  }

  // check is called once a second.
  check() {
    if (this.#source && Date.now() - this.#sign > SILENCE) this.#open();
  }

  #follow() {
    if (document.hidden) this.#close("hidden");
    else if (!this.#source) this.#open();
  }

  // #followOperator reopens the stream after a sign-in or sign-out: operators get more data.
  #followOperator() {
    let before = "unknown";
    this.#store.view(["operator"], () => {
      const { state } = this.#store.operator;
      if (before !== "unknown" && state !== before && this.#source) this.#open(this.#store.link.state);
      before = state;
    });
  }

  #open(state = this.#store.known ? "reconnecting" : "connecting") {
    this.#close(state);
    const { source, heard } = open();
    const hear = (message) => {
      if (source !== this.#source) return;
      this.#sign = Date.now();
      this.#hear(message);
    };
    this.#source = source;
    this.#sign = Date.now();
    for (const event of events) source.addEventListener(event, hear);
    for (const message of heard) hear(message);
  }

  #hear({ type, data, target }) {
    if (type === "snapshot") {
      this.#failures = 0;
      this.#store.snapshot(JSON.parse(data));
      this.#store.set("link", { state: "live" });
    } else if (type === "change") {
      this.#store.change(JSON.parse(data));
    } else {
      this.#broken(target);
    }
  }

  #close(state) {
    clearTimeout(this.#again);
    this.#again = 0;
    this.#source?.close();
    this.#source = null;
    if (this.#store.link.state !== state) this.#store.set("link", { state });
  }

  // #broken lets the browser reconnect as long as it tries. After a refusal the browser stops and gives no reason, so
  // we ask for it.
  async #broken(source) {
    if (source.readyState !== EventSource.CLOSED) {
      this.#store.set("link", { state: "reconnecting" });
      return;
    }
    this.#close("reconnecting");
    const { state, why, wait } = await refusal();
    if (this.#source || document.hidden) return; // reopened, or hidden, meanwhile
    const backoff = Math.min(SLOWEST, 1000 * 2 ** this.#failures++) * (0.8 + 0.4 * Math.random());
    const pause = Math.max(backoff, wait);
    this.#again = setTimeout(() => this.#open(), pause);
    this.#store.set("link", { state, why, at: Date.now() + pause });
  }
}

// refusal requests the stream once more to learn why the server refuses it.
async function refusal() {
  const asking = new AbortController();
  const late = setTimeout(() => asking.abort(), 5000);
  try {
    const answer = await fetch(url, { signal: asking.signal, headers: { Accept: "text/event-stream" } });
    if (answer.ok) return { state: "reconnecting", wait: 0 };
    const problem = await answer.json().catch(() => ({}));
    const wait = Math.min(60, Number(answer.headers.get("Retry-After")) || 0) * 1000;
    return { state: "refused", why: reason(answer.status, problem), wait };
  } catch {
    return { state: "reconnecting", why: t("unreachable"), wait: 0 };
  } finally {
    clearTimeout(late);
    asking.abort(); // do not read the stream
  }
}

function reason(status, problem) {
  if (status === 429) return t("tooManyStreams");
  if (problem.code === "shutting_down") return t("stopping");
  if (problem.code === "redis_unavailable") return t("serverWithoutRedis");
  if (problem.code === "redis_refuses") return t("serverRefused");
  return problem.detail || t("status", status);
}
