// A tab's memory, which restores its state after a reload. Another tab is another player, so the tab keeps it and not
// the browser.

const place = 'matchq-demo';

export function load() {
  try {
    return JSON.parse(sessionStorage.getItem(place)) ?? {};
  } catch {
    return {}; // empty, or storage is forbidden
  }
}

export function save(what) {
  try {
    sessionStorage.setItem(place, JSON.stringify(what));
  } catch {
    // then a reload starts from scratch
  }
}
