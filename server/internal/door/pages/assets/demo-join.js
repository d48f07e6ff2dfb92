// Links that invite a friend: /demo#join=PLAYER, with the name and the questionnaire to show. Whoever opens one asks the
// player of the link for a game; the player's id is no secret and gives no right.

import {clean, plain} from './demo-names.js';
import {button, heading, tell} from './demo-parts.js';
import {attribute, h, show} from './dom.js';
import {nameOf} from './demo-state.js';
import {pair, setTitle} from './demo-waiting.js';

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

// join is the screen of a friend who has opened a link.
export function join({t, state, actions}) {
  const {to} = state.join;
  const mine = state.me?.player ?? '';
  const name = nameOf(state, to);
  const title = heading('');
  tell(title, t('joinTitle', name), [name]);
  const status = h('p', {role: 'status', class: 'muted'});
  const again = button(t('askAgain'), actions.askAgain, {class: 'primary large', id: 'ask-again'});
  const root = h('section', {class: 'join center'}, setTitle(t, state, state.set), title,
    pair(t, [to, mine], (id) => nameOf(state, id)), h('div', {class: 'told-of'}, status),
    h('div', {class: 'actions'}, again, button(t('cancel'), actions.leaveJoin, {class: 'large', id: 'leave-join'})));
  return {
    root,
    update(state) {
      const {ended, away, room, problem} = state.join;
      const text = problem ? actions.word(problem) : ended ? t('joinEnded', name) : away ? t('joinAway', name) : room ? t('invitedThem', name) : t('link').connecting;
      tell(status, text, [name]);
      show(again, Boolean(ended || problem));
      attribute(again, 'disabled', state.link.status !== 'open');
    },
  };
}
