// A table whose rows are kept by a key, so that a row that is read or has the focus stays.

import { arrange, h } from "./dom.js";

// table makes {node, fill}; fill takes rows {key, cells}, whose cells are texts or elements, the first one the row's head.
export function table(id, caption, heads) {
  const body = h("tbody", { role: "rowgroup" });
  const head = h("tr", { role: "row" }, ...heads.map((text) => h("th", { scope: "col", role: "columnheader" }, text)));
  const node = h(
    "div", { class: "scroll tall", tabindex: "0", role: "region", "aria-label": caption },
    h("table", { id, class: "numbers cards plain", role: "table" }, h("caption", { class: "unseen" }, caption), h("thead", { role: "rowgroup" }, head), body),
  );
  let rows = new Map();
  const fill = (items) => {
    const kept = new Map();
    for (const { key, cells } of items) {
      const row = rows.get(key) ?? h("tr", { role: "row" }, ...heads.map((label, i) => h(
        i === 0 ? "th" : "td", { role: i === 0 ? "rowheader" : "cell", scope: i === 0 ? "row" : null, "data-label": label || null },
      )));
      cells.forEach((cell, i) => {
        const place = row.children[i];
        if (place.contains(document.activeElement)) return; // a new element would lose the focus
        if (!(cell instanceof Node)) cell = document.createTextNode(String(cell));
        if (!place.firstChild?.isEqualNode(cell) || cell.tagName === "BUTTON") place.replaceChildren(cell);
      });
      kept.set(key, row);
    }
    rows = kept;
    arrange(body, [...rows.values()]);
    node.hidden = rows.size === 0;
  };
  return { node, fill };
}
