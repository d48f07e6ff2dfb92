// What the quiz asks the server for before its program is here: the guest of a new tab. On a slow network the answer then
// comes while the program is still loading. It is a module of its own, which page and program share.

import {load} from './demo-store.js';

// newGuest asks the server for a new player.
async function newGuest() {
  const answer = await fetch('v1/demo/guest', {method: 'POST'});
  if (answer.ok) return answer.json();
  throw {
    final: answer.status === 404,
    reason: {404: 'noDemo', 429: 'rateLimited'}[answer.status],
    retryAfterMs: 1000 * Number(answer.headers.get('Retry-After') ?? 0),
  };
}

let early = load().me ? null : newGuest();
early?.catch(() => {}); // the program hears of it when it asks

// guest promises a new player: the one that was asked for early, then others.
export function guest() {
  const one = early ?? newGuest();
  early = null;
  return one;
}
