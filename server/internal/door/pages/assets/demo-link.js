// Links that invite a friend: /demo#join=PLAYER, with the name and the questionnaire to show. A page that opens one asks the
// player of the link for a game. The player's id is no secret and gives no right.

import {clean, plain} from './demo-names.js';

const longest = 128; // of a name on the wire

// joinOf returns what a link invites to; null if it is no invitation.
export function joinOf(hash) {
  const parts = new URLSearchParams(hash.replace(/^#/, ''));
  const to = plain(parts.get('join') ?? '');
  if (to === '' || to.length > longest) return null;
  return {to, name: clean(parts.get('name') ?? ''), set: plain(parts.get('set') ?? '').slice(0, longest)};
}

// linkTo returns the link that invites to a game with a player.
export function linkTo(player, name, set) {
  const url = new URL('demo', document.baseURI);
  url.hash = new URLSearchParams({join: player, name, ...(set ? {set} : {})}).toString();
  return url.href;
}
