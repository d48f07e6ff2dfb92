// What a tab remembers, so that it comes back to where it was after a reload. Another tab is another player, which is why
// this is kept by the tab and not by the browser.

const place = 'matchq-demo';

export function load() {
  try {
    return JSON.parse(sessionStorage.getItem(place)) ?? {};
  } catch {
    return {}; // nothing is remembered, or storage is forbidden
  }
}

export function save(what) {
  try {
    sessionStorage.setItem(place, JSON.stringify(what));
  } catch {
    // then a reload begins anew
  }
}
