// The editor of one pattern's rules. The server checks what is typed: this page knows nothing of what rules may say.

import { announce } from "./dashboard-parts.js";
import { attribute, find, say } from "./dom.js";
import { moment } from "./dashboard-format.js";
import { t } from "./dashboard-words.js";
import { call, failure } from "./dashboard-operator.js";
import { showDiff } from "./dashboard-diff.js";
import { RulesDialog } from "./dashboard-rulesdialog.js";
import { didWhat, versionCount } from "./dashboard-ruleslog.js";

const PAUSE = 300; // ms without a key before the server checks
const AGAIN = 3000; // ms until it is asked again after a failure
const SHOWN = 8; // names of queues

const json = find("#rules-json");
const lua = find("#rules-lua");

// part copies the rules that stand under a pattern, so that they can be compared with later ones.
const part = (stored) => JSON.stringify(stored?.rules ?? null);

export class RulesEditor {
  #store;
  #reload; // reads all rules again
  #dialog;
  #all = null;
  #pattern = null; // null while closed
  #base = null; // the stored rules that the text began with; undefined for a new pattern
  #version = ""; // of all rules, as the operator saw them
  #began = ""; // the text at first
  #checked = null; // the server's answer, if the text is right
  #asked = 0;
  #timer = 0;
  #refused = false; // a change, because others were faster
  #live = new Map(); // the live queues by the pattern whose rules they have
  #drafts = new Map(); // text of patterns that were left, with what it began with

  constructor(store, reload) {
    this.#store = store;
    this.#reload = reload;
    this.#dialog = new RulesDialog((change) => this.#carryOut(change), () => this.learn(this.#all));
    for (const area of [json, lua]) area.addEventListener("input", () => this.#typed());
    find("#rules-save").addEventListener("click", () => this.#dialog.ask({ pattern: this.#pattern, before: this.#base?.rules, ...this.#checked }));
    find("#rules-delete").addEventListener("click", () => this.#dialog.ask({ pattern: this.#pattern, before: this.#base.rules, rules: null }));
    find("#rules-discard").addEventListener("click", () => this.#start(this.#stored()));
    addEventListener("beforeunload", (event) => {
      if (this.#dirty || this.#drafts.size > 0) event.preventDefault();
    });
  }

  get #dirty() {
    return this.#pattern !== null && this.#text() !== this.#began;
  }

  get #new() {
    return this.#base === undefined;
  }

  #stored = () => this.#all.rules.find(({ pattern }) => pattern === this.#pattern);

  // open shows the rules of a pattern, or with null none. What was typed elsewhere is kept until it is discarded.
  open(pattern) {
    if (pattern === this.#pattern) return;
    if (this.#dirty) {
      this.#drafts.set(this.#pattern, { json: json.value, lua: lua.value, base: this.#base, version: this.#version, began: this.#began });
    }
    this.#pattern = pattern;
    attribute(find("#rules-edit"), "hidden", pattern === null);
    if (pattern === null) return;
    say(find("#rules-name"), pattern);
    const draft = this.#drafts.get(pattern);
    this.#drafts.delete(pattern);
    if (!draft) {
      this.#start(this.#stored());
      return;
    }
    [json.value, lua.value] = [draft.json, draft.lua];
    [this.#base, this.#version, this.#began] = [draft.base, draft.version, draft.began];
    this.learn(this.#all);
    this.#typed(0);
  }

  // #start fills the editor with stored rules; those of a new pattern begin as a copy of those for all queues. Rules that
  // this server can't read can only be deleted: what it would write could say less.
  #start(stored) {
    const unreadable = stored !== undefined && !stored.rules;
    for (const area of [json, lua]) attribute(area, "readonly", unreadable);
    const { source = "", ...rules } = stored?.rules ?? this.#all.rules.find(({ pattern }) => pattern === "*")?.rules ?? { size: 2, interval: "5s" };
    this.#base = stored;
    this.#version = this.#all.version;
    json.value = unreadable ? "" : JSON.stringify(rules, null, 2);
    lua.value = unreadable ? "" : source;
    find("#rules-lua-box").open = source !== "";
    this.#began = this.#text();
    attribute(find("#rules-delete"), "hidden", !stored);
    attribute(find("#rules-conflict"), "hidden", true);
    this.#showFacts();
    this.#typed(0);
  }

  // #text is the document: the Lua is spliced in as text, so that the server sees all else as it was typed.
  #text() {
    const text = json.value;
    const end = text.lastIndexOf("}");
    if (lua.value.trim() === "" || end < 0) return text;
    const comma = /\{\s*$/.test(text.slice(0, end)) ? "" : ",";
    return `${text.slice(0, end)}${comma} "source": ${JSON.stringify(lua.value)}${text.slice(end)}`;
  }

  // learn takes newly read rules. If they changed under a text that was typed, it says how, and keeps the text. While the
  // dialog is open it waits: what is confirmed there is what the operator saw.
  learn(all) {
    this.#all = all;
    if (this.#pattern === null || this.#dialog.open) return;
    const refused = this.#refused;
    this.#refused = false;
    const stored = this.#stored();
    const changed = part(stored) !== part(this.#base);
    if (changed && !this.#dirty) {
      this.#start(stored);
      return;
    }
    if (changed || refused) this.#tell(stored, changed);
    this.#base = stored;
    this.#version = all.version;
    attribute(find("#rules-delete"), "hidden", !stored);
    this.#showFacts();
    if (changed) this.#typed(0); // else the last check holds, and the focus stays on its button
  }

  // #tell shows what others have changed since the operator looked.
  #tell(stored, changed) {
    const seen = versionCount(this.#version);
    const since = this.#all.changes.filter(({ version, pattern }) => versionCount(version) > seen && (!changed || pattern === this.#pattern));
    const words = since.map((change) => t("changedBy", change.by, didWhat(change), change.pattern, moment(Date.parse(change.at))));
    const ends = t(changed ? "comparedBelow" : "asTheyWere");
    say(find("#rules-conflict-text"), t("meanwhile", words.join("; ") || t("rulesChanged"), ends));
    showDiff(find("#rules-conflict-diff"), this.#base?.rules, stored?.rules);
    attribute(find("#rules-conflict"), "hidden", false);
  }

  #showFacts() {
    const stored = this.#base;
    const by = stored && t("setOn", stored.by, stored.source !== "operator", moment(Date.parse(stored.at)));
    say(find("#rules-facts"), stored?.problem ? t("problemOf", by, stored.problem) : by ?? t("newPattern"));
    this.showQueues(this.#live); // no queue may change for an hour
  }

  // showQueues names the live queues that have the rules of the pattern; live has names by pattern.
  showQueues(live) {
    this.#live = live;
    const names = live.get(this.#pattern) ?? [];
    say(find("#rules-queues"), this.#base ? queueWords("holdFor", { count: names.length, names }) : "");
  }

  #typed(pause = PAUSE) {
    clearTimeout(this.#timer);
    this.#checked = null;
    const question = ++this.#asked;
    attribute(find("#rules-save"), "disabled", true);
    attribute(find("#rules-discard"), "disabled", !this.#dirty);
    if (this.#dirty || this.#new) {
      this.#timer = setTimeout(() => this.#check(question), pause);
      return;
    }
    this.#say("", "");
    showDiff(find("#rules-diff"), null, null);
  }

  async #check(question) {
    const answer = await this.#send("PUT", "dry_run=true", this.#text());
    if (question !== this.#asked || this.#pattern === null) return;
    if (answer.status === 200) {
      this.#checked = answer.body;
      const differs = showDiff(find("#rules-diff"), this.#base?.rules, answer.body.rules);
      attribute(find("#rules-save"), "disabled", !differs && !this.#new);
      this.#say("good", differs ? t("right", queueWords("wouldHoldFor", answer.body.queues)) : t("sameAsNow"));
    } else if (answer.status === 412) {
      await this.#reload();
      if (question === this.#asked) this.#timer = setTimeout(() => this.#check(question), PAUSE); // by the version then in force
    } else if (answer.status === 422 || answer.status === 413) {
      this.#say("bad", answer.body.detail, "en");
    } else {
      this.#say("bad", t("uncheckable", failure(answer)));
      this.#timer = setTimeout(() => this.#check(question), AGAIN);
    }
  }

  #say(kind, text, lang = null) {
    const node = find("#rules-check");
    attribute(node, "lang", lang); // the server's errors are English
    attribute(node, "data-kind", kind || null);
    say(node, text);
    attribute(json, "aria-invalid", kind === "bad" ? "true" : null);
  }

  async #send(method, query, text) {
    const path = `v1/admin/rules/${encodeURIComponent(this.#pattern)}?${query}`;
    const answer = await call(method, path, text, { "If-Match": `"${this.#version}"` });
    if (answer.status === 401) {
      this.#store.set("operator", { state: "reader" });
      announce(t("rulesSessionEnded"), true);
    }
    return answer;
  }

  // #carryOut makes a confirmed change, and returns why it failed; "" if the dialog can close.
  async #carryOut({ pattern, rules, by }) {
    const query = `by=${encodeURIComponent(by)}`;
    const answer = rules === null ? await this.#send("DELETE", query) : await this.#send("PUT", query, this.#text());
    if (answer.status === 412) {
      this.#refused = true;
      await this.#reload();
      announce(t("othersFaster", pattern), true);
    } else if (answer.status === 200 || answer.status === 204) {
      this.#began = this.#text(); // it is stored
      announce(t(rules === null ? "rulesDeleted" : "rulesSet", pattern));
      if (rules === null) location.hash = "#rules";
      await this.#reload();
    } else if (answer.status !== 401) {
      return t("rulesNotChanged", failure(answer));
    }
    return "";
  }
}

const queueWords = (key, { count: all, names }) => t(key, all, names.slice(0, SHOWN).join(", "), all - SHOWN);
