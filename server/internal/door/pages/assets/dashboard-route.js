// The address of the dashboard says what it shows, so that it can be shared and reloaded: the hash a page, such as
// #queue/history, the query the order and the filter of the table.

const pages = new Set(["queue", "match", "node", "ticket", "rules"]);

export const hashTo = (page, of) => `#${page}/${encodeURIComponent(of)}`;

// routeOf is the page that a hash names, and what it is of; null for none.
export function routeOf(hash) {
  const [, page, rest] = /^#([a-z]+)\/(.+)$/.exec(hash) ?? [];
  if (!pages.has(page)) return null;
  try {
    return { page, of: decodeURIComponent(rest) };
  } catch {
    return null;
  }
}

// ofPage is what the address names of a page, such as the name of a queue; null for another page.
export function ofPage(page) {
  const route = routeOf(location.hash);
  return route?.page === page ? route.of : null;
}

export const param = (name) => new URLSearchParams(location.search).get(name) ?? "";

// setParam changes the query without a step in the browser's history; "" removes the parameter.
export function setParam(name, value) {
  const query = new URLSearchParams(location.search);
  if (value === "") query.delete(name);
  else query.set(name, value);
  const text = query.toString();
  history.replaceState(history.state, "", `${location.pathname}${text === "" ? "" : `?${text}`}${location.hash}`);
}
