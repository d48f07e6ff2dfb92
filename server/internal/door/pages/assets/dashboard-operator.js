// Operators: sign-in and actions. Everybody may read. Changes need the admin token, or a server on this machine that
// was started without one. store.operator is
//   {state: "unknown"}
//   {state: "reader"}           may sign in
//   {state: "locked"}           the server has no admin token and we are not on its machine
//   {state: "operator", open}   open: no session is needed, so there is no sign-out

import { announce, remember, remembered } from "./dashboard-parts.js";
import { attribute, find, say } from "./dom.js";
import { t } from "./dashboard-words.js";

const encoded = encodeURIComponent;

// call makes a request and returns {status, body}; status 0 means that there was no answer. A string is sent as it is.
export async function call(method, path, body, headers = {}) {
  const options = { method, headers: { Accept: "application/json", ...headers } };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = typeof body === "string" ? body : JSON.stringify(body);
  }
  try {
    const answer = await fetch(path, options);
    return { status: answer.status, body: await answer.json().catch(() => ({})) };
  } catch {
    return { status: 0, body: { detail: t("unreachable") } };
  }
}

// command carries out an operator's action, in the name that is kept in this browser.
export function command(path, body) {
  const by = remembered("name");
  return call("POST", `v1/admin/${path}${by ? `?by=${encoded(by)}` : ""}`, body);
}

export const failure = ({ status, body }) => body.detail || t("statusWas", status);

export class Operator {
  #store;
  #dialog = find("#sign-in-dialog");
  #draining = find("#drain-dialog");
  #drained = ""; // the queue of the dialog
  #node = ""; // the node that answers
  #later = 0; // the timer of the next look

  constructor(store) {
    this.#store = store;
    for (const button of document.querySelectorAll("[data-opens=sign-in]")) button.addEventListener("click", () => this.signIn());
    find("#sign-out").addEventListener("click", () => this.#signOut());
    find("#sign-in-form").addEventListener("submit", (event) => this.#submit(event));
    find("#drain-form").addEventListener("submit", (event) => this.#drain(event));
    for (const button of document.querySelectorAll("[data-closes]")) {
      button.addEventListener("click", () => button.closest("dialog").close());
    }
    store.view(["operator"], () => this.#show());
    store.view(["queues"], () => this.#countDrained());
    store.view(["config"], () => this.#lookAgain());
    store.view(["nodes"], () => this.#noticeEnd());
    this.look();
  }

  // look asks the server whether we are an operator.
  async look() {
    clearTimeout(this.#later);
    const { status } = await call("GET", "v1/admin/audit");
    if (status === 401) this.#store.set("operator", { state: "reader" });
    else if (status === 403) this.#store.set("operator", { state: "locked" });
    else if (status === 200) this.#store.set("operator", { state: "operator", open: await isOpen() });
    else this.#later = setTimeout(() => this.look(), 5000);
  }

  // #lookAgain asks again when another node answers, or a restarted one: it may have another token.
  #lookAgain() {
    const node = this.#store.config.node;
    if (this.#node !== "" && this.#node !== node) this.look();
    this.#node = node;
  }

  // #noticeEnd asks again when the stream has no operator's data any more: the session may have been closed elsewhere.
  async #noticeEnd() {
    if (this.#store.operator.state !== "operator" || this.#store.nodes !== null) return;
    await this.look();
    if (this.#store.operator.state !== "reader") return;
    remember("session", null);
    announce(t("sessionEnded"), true);
  }

  #show() {
    const { state, open } = this.#store.operator;
    const words = {
      unknown: "", reader: t("readOnly"), locked: t("readOnly"), operator: t(open ? "operatorHere" : "operator"),
    };
    say(find("#operator-state"), words[state]);
    attribute(find("#sign-in"), "hidden", state !== "reader" && state !== "locked");
    attribute(find("#sign-out"), "hidden", state !== "operator" || open);
    attribute(document.body, "data-operator", state === "operator");
    attribute(find("#sign-in-form"), "hidden", state === "locked");
    attribute(find("#sign-in-locked"), "hidden", state !== "locked");
  }

  signIn() {
    say(find("#sign-in-error"), "");
    find("#token").value = "";
    this.#dialog.showModal();
  }

  async #submit(event) {
    event.preventDefault();
    const error = find("#sign-in-error");
    const token = find("#token");
    say(error, "");
    const answer = await call("POST", "v1/admin/session", { token: token.value });
    if (answer.status === 204) {
      remember("session", "1");
      await this.look();
      this.#dialog.close();
      announce(t("signedIn"));
      return;
    }
    if (answer.status === 403 && answer.body.code === "forbidden") this.#store.set("operator", { state: "locked" });
    const wrong = answer.status === 401 ? t("wrongToken") : t("signInFailed", failure(answer));
    say(error, wrong);
    token.select();
    token.focus();
  }

  async #signOut() {
    const answer = await call("DELETE", "v1/admin/session");
    if (answer.status !== 204) {
      announce(t("signOutFailed", failure(answer)), true);
      return;
    }
    remember("session", null);
    await this.look();
    find("#sign-in").focus();
    announce(t("signedOut"));
  }

  // act carries out the action of a queue's button.
  async act(action, queue, button) {
    if (action === "drain") {
      this.#askToDrain(queue);
      return;
    }
    if (button.getAttribute("aria-busy")) return;
    attribute(button, "aria-busy", "true");
    const answer = await command(`queues/${encoded(queue)}/${action}`);
    attribute(button, "aria-busy", null);
    if (!this.worked(answer, t("doing")[action](queue))) return;
    this.#store.patchQueue(queue, { paused: action === "pause" });
    announce(t(action === "pause" ? "queuePaused" : "queueResumed", queue));
  }

  // worked says whether an action was carried out, and else tells why not.
  worked(answer, what) {
    this.#store.touch("actions");
    if (answer.status === 200) return true;
    if (answer.status === 401) {
      remember("session", null);
      this.#store.set("operator", { state: "reader" });
      announce(t("sessionEndedAt", what), true);
      this.signIn();
    } else {
      announce(t("couldNot", what, failure(answer)), true);
    }
    return false;
  }

  #askToDrain(queue) {
    this.#drained = queue;
    for (const node of this.#draining.querySelectorAll("[data-queue-name]")) say(node, queue);
    find("#drain-name").value = "";
    say(find("#drain-error"), "");
    this.#countDrained();
    this.#draining.showModal();
  }

  #countDrained() {
    if (this.#drained === "") return;
    const { waiting = 0, proposed = 0 } = this.#store.queues.get(this.#drained) ?? {};
    say(find("#drain-count"), t("waitNow", waiting, proposed));
  }

  async #drain(event) {
    event.preventDefault();
    const queue = this.#drained;
    const error = find("#drain-error");
    if (find("#drain-name").value !== queue) {
      say(error, t("notTheQueue", queue));
      find("#drain-name").select();
      find("#drain-name").focus();
      return;
    }
    const button = find("#drain-confirm");
    if (button.getAttribute("aria-busy")) return;
    attribute(button, "aria-busy", "true");
    const answer = await command(`queues/${encoded(queue)}/drain`);
    attribute(button, "aria-busy", null);
    this.#draining.close();
    this.#drained = "";
    if (!this.worked(answer, t("doing").drain(queue))) return;
    announce(t("queueDrained", queue, answer.body.cancelled));
  }
}

// isOpen returns whether we are an operator even without a session.
async function isOpen() {
  if (remembered("session")) return false;
  try {
    return (await fetch("v1/admin/audit", { credentials: "omit" })).ok;
  } catch {
    return false;
  }
}
