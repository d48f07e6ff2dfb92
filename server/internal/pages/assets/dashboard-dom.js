// The few things that views do to the page.

// make builds an element. Attributes that are null or false are left out, true is an empty one; "on…" are listeners.
export function make(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

export const find = (selector, within = document) => within.querySelector(selector);

// say writes a text, and leaves a node alone that has it already: the browser then has nothing to lay out.
export function say(node, text) {
  if (node.firstChild === null ? text !== "" : node.firstChild.nodeValue !== text) node.textContent = text;
}

// mark sets or takes an attribute, only if that changes anything.
export function mark(node, attribute, value) {
  if (value === null || value === false) {
    if (node.hasAttribute(attribute)) node.removeAttribute(attribute);
    return;
  }
  const text = value === true ? "" : String(value);
  if (node.getAttribute(attribute) !== text) node.setAttribute(attribute, text);
}

// arrange lets a parent have exactly these children in this order, moving as few as possible: a node that is moved
// loses the focus.
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const node of [...parent.children]) if (!wanted.has(node)) node.remove();
  let at = parent.firstElementChild;
  for (const node of nodes) {
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
  }
}

// icon is one of the drawings in the page, for those who see.
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

const shown = 8000; // ms that good news stay

// announce tells what came of something an operator did, to those who see and those who listen. Failures stay until they
// are closed.
export function announce(text, failed = false) {
  const list = find(failed ? "#failures" : "#news");
  const close = make("button", { type: "button", class: "quiet", "aria-label": "Close this message" }, "×");
  const note = make("p", { class: "toast" }, icon(failed ? "bad" : "good"), make("span", {}, text), close);
  close.addEventListener("click", () => note.remove());
  list.append(note);
  while (list.children.length > 3) list.firstElementChild.remove();
  if (!failed) setTimeout(() => note.remove(), shown);
}

// remembered and remember keep a choice in this browser, where that is allowed.
export function remembered(key) {
  try {
    return localStorage.getItem(`matchq.dashboard.${key}`);
  } catch {
    return null;
  }
}

export function remember(key, value) {
  try {
    if (value === null) localStorage.removeItem(`matchq.dashboard.${key}`);
    else localStorage.setItem(`matchq.dashboard.${key}`, value);
  } catch {
    // the choice then lasts as long as the page
  }
}
