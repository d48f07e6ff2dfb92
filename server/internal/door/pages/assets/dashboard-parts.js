// Parts that several panels have.

import { find, h } from "./dom.js";
import { t } from "./dashboard-words.js";

// icon is one of the page's drawings, hidden from screen readers.
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

// fact is a row of a list of facts; its value is a text or an element.
export const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value instanceof Node ? value : String(value)));

const shown = 8000; // ms that messages of success stay

// announce reports the result of an operator's action, also to screen readers. Failures stay until they are closed.
export function announce(text, failed = false) {
  const list = find(failed ? "#failures" : "#news");
  const close = h("button", { type: "button", class: "quiet", "aria-label": t("closeMessage") }, "×");
  const note = h("p", { class: "toast" }, icon(failed ? "bad" : "good"), h("span", {}, text), close);
  close.addEventListener("click", () => note.remove());
  list.append(note);
  while (list.children.length > 3) list.firstElementChild.remove();
  if (!failed) setTimeout(() => note.remove(), shown);
}

// remembered and remember keep a choice in this browser, if it allows storage; or in this tab, for as long as it is open.
export function remembered(key, inTab = false) {
  try {
    return (inTab ? sessionStorage : localStorage).getItem(`matchq.dashboard.${key}`);
  } catch {
    return null;
  }
}

export function remember(key, value, inTab = false) {
  try {
    const storage = inTab ? sessionStorage : localStorage;
    if (value === null || value === "") storage.removeItem(`matchq.dashboard.${key}`);
    else storage.setItem(`matchq.dashboard.${key}`, value);
  } catch {
    // the choice then lasts as long as the page
  }
}
