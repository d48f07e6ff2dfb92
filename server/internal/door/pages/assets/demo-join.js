// The screen of a friend who has opened a link.

import {button, heading, tell} from './demo-parts.js';
import {attribute, h, show} from './dom.js';
import {nameOf} from './demo-state.js';
import {pair, setTitle} from './demo-waiting.js';

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
