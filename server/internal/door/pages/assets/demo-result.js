// The screen after a game, and the screen of a page that must stop.

import {attribute, h, say, show} from './dom.js';
import {avatar, button, heading, nameTag} from './demo-parts.js';
import {nameOf} from './demo-state.js';

export function result({t, state, actions}) {
  const mine = state.me?.player;
  const {outcome, why, forfeitedBy, results, players} = state.result;
  const others = players.filter((id) => id !== mine);
  const namesOf = (ids = []) => ids.map((id) => nameOf(state, id)).join(', ');
  const names = namesOf(others);
  const best = Math.max(1, ...results.map(({score}) => score));
  const rows = [...results].sort((a, b) => b.score - a.score).map(({id, score, correct, answered}) => {
    const bar = h('span', {class: 'fill'});
    bar.style.width = `${(100 * score) / best}%`;
    return h('li', {class: id === mine ? 'mine' : ''}, avatar(nameOf(state, id), id),
      h('span', {class: 'about'}, nameTag(nameOf(state, id), id === mine ? h('span', {class: 'muted'}, ` · ${t('me')}`) : null),
        h('span', {class: 'bar', 'aria-hidden': 'true'}, bar),
        h('span', {class: 'muted numbers'}, t('correct', correct, answered))),
      h('strong', {class: 'points numbers', 'aria-label': t('points', score)}, String(score)));
  });
  const challenge = button(t('challenge', names), actions.challenge, {class: 'primary large', id: 'challenge'});
  const again = button(t('again'), () => actions.play(false), {class: 'large', id: 'again'});
  const waitingText = h('p', {role: 'status'});
  const waiting = h('div', {class: 'box asked'}, waitingText, button(t('withdraw'), actions.withdraw, {id: 'withdraw'}));
  const root = h('section', {class: `result center ${outcome}`},
    heading(t(outcome), {class: 'outcome'}),
    why ? h('p', {class: 'muted'}, t(why, namesOf(forfeitedBy))) : null,
    h('ol', {class: 'board final'}, ...rows), waiting,
    h('div', {class: 'actions'}, challenge, again, button(t('others'), actions.home, {class: 'quiet', id: 'others'})));
  return {
    root,
    update(state) {
      show(waiting, state.invited !== null);
      say(waitingText, state.invited ? t('invitedThem', nameOf(state, state.invited.to)) : '');
      const ready = state.link.status === 'open' && !state.busy && !state.invited;
      show(challenge, others.length === 1 && !state.invited);
      attribute(challenge, 'disabled', !ready);
      attribute(again, 'disabled', state.link.status !== 'open' || state.busy);
    },
  };
}

// stopped is the screen of a page that must not reconnect by itself.
export function stopped({t, state, actions}) {
  const words = t('stopped');
  const {status, reason} = state.link;
  const key = status === 'replaced' ? 'replaced' : reason === 'noDemo' ? 'noDemo' : 'refused';
  const buttons = key === 'replaced'
    ? [button(words.here, actions.comeBack, {class: 'primary large', id: 'here'}), button(words.somebody, actions.somebodyNew, {class: 'large', id: 'somebody'})]
    : [button(words.retry, actions.somebodyNew, {class: 'primary large', id: 'retry'})];
  return {
    root: h('section', {class: 'center stopped', role: 'alert'}, heading(words[key]), h('p', {class: 'muted'}, words[`${key}Hint`]),
      h('div', {class: 'actions'}, ...buttons)),
    update() {},
  };
}
