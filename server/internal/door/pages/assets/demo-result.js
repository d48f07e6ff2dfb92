// The screen after a game, and the screen of a page that must stop.

import {avatar} from './demo-avatar.js';
import {attribute, h, say, show} from './dom.js';
import {icon} from './demo-icons.js';
import {button, counter, heading, nameTag, tell} from './demo-parts.js';
import {recap} from './demo-recap.js';
import {decided} from './demo-score.js';
import {nameOf} from './demo-state.js';

export function result({t, state, actions}) {
  const mine = state.me?.player;
  const {outcome, why, forfeitedBy, results, players, history = [], rating} = state.result;
  const others = players.filter((id) => id !== mine);
  const namesOf = (ids = []) => ids.map((id) => nameOf(state, id)).join(', ');
  const told = (element, text, ids) => {
    tell(element, text, ids.map((id) => nameOf(state, id)));
    return element;
  };
  const goals = [];
  const rows = finalRows(t, state, goals);
  const goesOn = Boolean(state.series && !decided(state.series));
  const challenge = button('', actions.challenge, {class: 'primary large', id: 'challenge'});
  challenge.append(told(h('span'), t(goesOn && state.series.mine + state.series.theirs > 0 ? 'nextOfThree' : 'challenge', namesOf(others)), others));
  const again = button(t('again'), () => actions.play(false), {class: 'large', id: 'again'});
  const waitingText = h('p', {role: 'status'});
  const waiting = h('div', {class: 'box asked'}, waitingText, button(t('withdraw'), actions.withdraw, {id: 'withdraw'}));
  const root = h('section', {class: `result center ${outcome}`},
    h('div', {class: 'emblem', 'aria-hidden': 'true'}, outcome === 'win' ? icon('trophy') : null),
    heading(t(outcome), {class: 'outcome'}),
    why ? told(h('p', {class: 'muted'}), t(why, namesOf(forfeitedBy)), forfeitedBy ?? []) : h('p', {class: 'cheer'}, cheer(t, outcome, results, mine)),
    series(t, state.series),
    h('ol', {class: 'board final'}, ...rows),
    rating ? h('p', {class: 'rating muted numbers'}, t('ratingNow', rating.now, rating.change)) : null,
    h('div', {class: 'asking'}, waiting),
    h('div', {class: 'actions'}, challenge, again, button(t('others'), actions.home, {class: 'quiet', id: 'others'})),
    history.length ? recap(t, history, (id) => nameOf(state, id)) : null);
  return {
    root,
    update(state) {
      for (const {points, score} of goals) points.set(score);
      show(waiting, state.invited !== null);
      told(waitingText, state.invited ? t('invitedThem', nameOf(state, state.invited.to)) : '', state.invited ? [state.invited.to] : []);
      const ready = state.link.status === 'open' && !state.busy && !state.invited;
      show(challenge, others.length === 1);
      attribute(challenge, 'disabled', !ready);
      attribute(again, 'disabled', state.link.status !== 'open' || state.busy);
    },
  };
}

// finalRows are the players by points. It adds a counter and its goal for each.
function finalRows(t, state, goals) {
  const mine = state.me?.player;
  const {results, players} = state.result;
  const order = [mine, ...players.filter((id) => id !== mine)];
  const best = Math.max(1, ...results.map(({score}) => score));
  return [...results].sort((a, b) => b.score - a.score).map(({id, score, correct, answered}) => {
    const bar = h('span', {class: 'fill'});
    bar.style.width = `${(100 * score) / best}%`;
    const points = counter();
    attribute(points.element, 'aria-label', t('points', score));
    goals.push({points, score});
    return h('li', {class: id === mine ? 'mine' : ''}, avatar(nameOf(state, id), id, order.slice(0, Math.max(0, order.indexOf(id)))),
      h('span', {class: 'about'}, nameTag(nameOf(state, id), id === mine ? h('span', {class: 'muted'}, ` · ${t('me')}`) : null),
        h('span', {class: 'bar', 'aria-hidden': 'true'}, bar),
        h('span', {class: 'muted numbers'}, t('correct', correct, answered))),
      points.element);
  });
}

// cheer returns a kind word for a result by score.
function cheer(t, outcome, results, mine) {
  const score = results.find(({id}) => id === mine)?.score ?? 0;
  const best = Math.max(0, ...results.filter(({id}) => id !== mine).map((other) => other.score));
  if (outcome === 'win') return t('winCheer');
  return outcome === 'lose' && best > score ? t('loseCheer', best - score) : '';
}

// series says how a best of three stands; null for games that are none.
function series(t, standing) {
  if (!standing || standing.mine + standing.theirs === 0) return null;
  const {mine, theirs} = standing;
  const key = !decided(standing) ? 'seriesStands' : mine > theirs ? 'seriesWon' : 'seriesLost';
  return h('p', {class: 'series numbers'}, t(key, mine, theirs));
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
