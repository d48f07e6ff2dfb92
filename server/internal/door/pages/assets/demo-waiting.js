// The screens between choosing and playing: the queue, a match to accept, an opponent.

import {attribute, h, languageOf, say, show} from './dom.js';
import {avatar, button, heading, nameTag, seconds, sureButton} from './demo-parts.js';
import {nameOf, othersOf} from './demo-state.js';

// titleOf returns the title of a questionnaire.
function titleOf(state, set) {
  return (Array.isArray(state.sets) && state.sets.find(({name}) => name === set)?.title) || set;
}

// titled sets an element's text to that title and marks its language.
function titled(element, title) {
  say(element, title);
  attribute(element, 'lang', languageOf(title));
  return element;
}

export function queue({t, state, actions}) {
  const set = h('p', {class: 'set-title'});
  const place = h('p', {class: 'place'});
  const others = h('p', {class: 'muted'});
  const ring = h('div', {class: 'ring'});
  const left = h('span', {class: 'big numbers'});
  const label = h('span', {class: 'muted'});
  const paused = h('p', {class: 'warn box'}, t('queuePaused'));
  const bot = button(t('playBot'), actions.callBot, {id: 'call-bot'});
  const botComes = h('p', {class: 'muted hint'}, t('botComes'));
  const root = h('section', {class: 'queue center'},
    set, heading(t('queued')),
    h('div', {class: 'dial', role: 'timer', 'aria-label': t('untilTick')}, ring, h('div', {class: 'inside'}, label, left)),
    h('div', {role: 'status'}, place, others), paused,
    h('div', {class: 'actions'}, button(t('cancel'), actions.cancel, {id: 'cancel'}), bot), botComes);
  return {
    root,
    update(state, now) {
      const {ticket} = state;
      const queue = state.queues[ticket.queue];
      titled(set, titleOf(state, ticket.queue));
      show(place, ticket.place !== null);
      say(place, t('place', ticket.place ?? 1));
      say(others, t('othersWait', othersOf(ticket, queue?.waiting)));
      show(paused, Boolean(queue?.paused));
      show(bot, !state.bot && !queue?.paused);
      show(botComes, Boolean(state.bot));
      const soon = !queue?.paused && ticket.tickAt !== null;
      say(label, soon ? t('nextTick') : '');
      say(left, soon ? (ticket.tickAt > now ? t('seconds', seconds(ticket.tickAt, now)) : t('ticking')) : queue?.paused ? t('paused') : t('noTick'));
      left.classList.toggle('words', !soon || ticket.tickAt <= now);
    },
  };
}

export function proposed({t, state, actions}) {
  const left = h('strong', {class: 'numbers'});
  const accept = button(t('accept'), actions.accept, {class: 'primary large', id: 'accept'});
  const status = h('p', {role: 'status', class: 'muted'});
  const root = h('section', {class: 'center'},
    heading(t('proposed')), h('p', {class: 'muted'}, t('proposedHint')),
    h('p', {role: 'timer'}, `${t('timeLeft')}: `, left), status,
    h('div', {class: 'actions'}, accept, button(t('decline'), actions.decline, {class: 'large', id: 'decline'})));
  return {
    root, focus: accept,
    update(state, now) {
      say(left, t('seconds', seconds(state.proposed.until, now)));
      say(status, state.proposed.accepted ? t('accepted') : '');
      attribute(accept, 'disabled', state.proposed.accepted);
    },
  };
}

export function match({t, state, actions}) {
  const {players, friend, waitedMs, told = []} = state.match;
  const mine = state.me?.player;
  const side = (id) => h('li', {class: 'side'}, avatar(nameOf(state, id), id),
    nameTag(nameOf(state, id)), id === mine ? h('span', {class: 'muted'}, t('me')) : null);
  const others = players.filter((id) => id !== mine);
  const start = button(t('start'), actions.start, {class: 'primary large', id: 'start'});
  const status = h('p', {class: 'muted', role: 'status'});
  const alone = h('p', {class: 'muted numbers'});
  const away = h('p', {class: 'warn box', role: 'status'});
  const root = h('section', {class: 'match center'},
    titled(h('p', {class: 'set-title'}), titleOf(state, state.match.set)),
    heading(t(friend ? 'matchedFriend' : 'matched')),
    h('ul', {class: 'versus'}, side(mine), ...others.flatMap((id) => [h('li', {class: 'against muted', 'aria-hidden': 'true'}, t('versus')), side(id)])),
    ...told.map((key) => h('p', {class: 'told'}, t(key))),
    waitedMs === undefined ? null : h('p', {class: 'muted'}, t('waited', (waitedMs / 1000).toFixed(1))),
    away, status,
    h('div', {class: 'actions'}, start, sureButton(t('leave'), t('giveUpSure'), actions.giveUp)), alone);
  return {
    root, focus: start,
    update(state, now) {
      const {started, startAt, problem} = state.match;
      attribute(start, 'disabled', started || state.link.status !== 'open');
      say(status, problem ? actions.word(problem) : started ? t('starting', others.map((id) => nameOf(state, id)).join(', ')) : '');
      status.className = problem ? 'warn box' : 'muted';
      show(alone, !started && startAt !== null && !problem);
      say(alone, t('startsAlone', seconds(startAt ?? 0, now)));
      show(away, state.match.away);
      say(away, state.match.away ? t('away', others.map((id) => nameOf(state, id)).join(', ')) : '');
    },
  };
}
