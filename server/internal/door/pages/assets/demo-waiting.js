// The screens between choosing and playing: the queue, a match to accept, an opponent.

import {avatar} from './demo-avatar.js';
import {attribute, h, languageOf, say, show} from './dom.js';
import {badge} from './demo-icons.js';
import {button, heading, nameTag, seconds, sureButton, tell, timeBar, titleOf} from './demo-parts.js';
import {nameOf} from './demo-state.js';
import {estimateOf, othersOf, waitedOf} from './demo-ticket.js';

const offerBot = 10_000; // ms of waiting until the page offers the bot

// setTitle shows the icon and the title of a questionnaire.
export function setTitle(t, state, set) {
  const title = titleOf(t, (Array.isArray(state.sets) && state.sets.find(({name}) => name === set)?.title) || set);
  return h('p', {class: 'set-title', lang: languageOf(title)}, badge(set), h('span', {}, title));
}

// pair shows the players of a match; more(id) is what stands below a name.
export function pair(t, players, nameOfPlayer, more = () => null) {
  const side = (id, i) => h('li', {class: 'side'}, avatar(nameOfPlayer(id), id, players.slice(0, i)), nameTag(nameOfPlayer(id)), more(id));
  return h('ul', {class: 'versus'}, ...players.flatMap((id, i) =>
    (i === 0 ? [side(id, i)] : [h('li', {class: 'against muted', 'aria-hidden': 'true'}, t('versus')), side(id, i)])));
}

export function queue({t, state, actions}) {
  const place = h('p', {class: 'place'});
  const others = h('p', {class: 'muted'});
  const ring = h('div', {class: 'ring'});
  const left = h('span', {class: 'big numbers'});
  const label = h('span', {class: 'muted'});
  const waited = h('p', {class: 'waited muted numbers'});
  const paused = h('p', {class: 'warn box'}, t('queuePaused'));
  const offer = h('p', {class: 'offer', role: 'status'});
  const bot = button(t('playBot'), actions.callBot, {id: 'call-bot'});
  const bell = actions.canAsk() ? button(t('notify'), actions.notify, {class: 'quiet', id: 'notify'}) : null;
  let titled = null;
  const set = h('div');
  const root = h('section', {class: 'queue center'},
    set, heading(t('queued')),
    h('div', {class: 'dial', role: 'timer', 'aria-label': t('untilTick')}, ring, h('div', {class: 'inside'}, label, left)),
    waited, h('div', {role: 'status'}, place, others), h('div', {class: 'told-of'}, paused, offer),
    h('div', {class: 'actions'}, button(t('cancel'), actions.cancel, {id: 'cancel'}), bot, button(t('invite'), actions.invite, {class: 'quiet', id: 'invite-waiting'}), bell));
  return {
    root,
    update(state, now) {
      const {ticket} = state;
      const queue = state.queues[ticket.queue];
      if (titled !== state.sets) {
        titled = state.sets;
        set.replaceChildren(setTitle(t, state, ticket.queue));
      }
      show(place, ticket.place !== null);
      say(place, t('place', ticket.place ?? 1));
      const alone = othersOf(ticket, queue?.waiting) === 0;
      say(others, t('othersWait', othersOf(ticket, queue?.waiting)));
      const estimate = estimateOf(queue, now);
      const time = t('waitedFor', clock(waitedOf(ticket, now)));
      say(waited, estimate === null ? time : `${time} · ${t('estimate', Math.max(1, Math.round(estimate / 1000)))}`);
      show(paused, Boolean(queue?.paused));
      attribute(bot, 'disabled', Boolean(state.bot || queue?.paused));
      const offers = alone && !state.bot && !queue?.paused && waitedOf(ticket, now) >= offerBot;
      bot.classList.toggle('primary', offers);
      say(offer, state.bot ? t('botComes') : offers ? t('botOffer') : '');
      if (bell) attribute(bell, 'disabled', !actions.canAsk());
      const soon = !queue?.paused && ticket.tickAt !== null;
      say(label, soon ? t('nextTick') : '');
      say(left, soon ? (ticket.tickAt > now ? t('seconds', seconds(ticket.tickAt, now)) : t('ticking')) : queue?.paused ? t('paused') : t('noTick'));
      left.classList.toggle('words', !soon || ticket.tickAt <= now);
    },
  };
}

// clock returns a time as minutes and seconds.
function clock(ms) {
  const whole = Math.floor(ms / 1000);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

export function proposed({t, state, actions}) {
  const {players = [], until} = state.proposed;
  const mine = state.me?.player;
  const accept = button(t('accept'), actions.accept, {class: 'primary large', id: 'accept'});
  const decline = button(t('decline'), actions.decline, {class: 'large', id: 'decline'});
  const status = h('p', {role: 'status', class: 'muted'});
  const bar = timeBar(t('timeLeft'));
  const ready = h('span', {class: 'ready'});
  const whole = Math.max(1, until - performance.now());
  const others = players.filter((id) => id !== mine);
  const root = h('section', {class: 'proposed center'},
    setTitle(t, state, state.ticket?.queue ?? state.set), heading(t('proposed')),
    pair(t, [mine, ...others], (id) => (id === mine || state.names[id] ? nameOf(state, id) : t('opponent')), (id) => (id === mine ? ready : null)),
    bar.root, status, h('div', {class: 'actions'}, accept, decline));
  return {
    root, focus: accept,
    update(state, now) {
      const {accepted} = state.proposed;
      bar.set(state.proposed.until, whole, now);
      say(status, t(accepted ? 'accepted' : 'proposedHint')); // one line: the buttons below it stay
      say(ready, accepted ? `✓ ${t('ready')}` : '');
      attribute(accept, 'disabled', accepted);
    },
  };
}

export function match({t, state, actions}) {
  const {players, friend, waitedMs, ready, told = []} = state.match;
  const mine = state.me?.player;
  const others = players.filter((id) => id !== mine);
  const names = others.map((id) => nameOf(state, id));
  const start = button(t('start'), actions.start, {class: 'primary large', id: 'start'});
  const status = h('p', {class: 'muted', role: 'status'});
  const alone = h('p', {class: 'muted numbers'});
  const away = h('p', {class: 'away warn box', role: 'status'});
  const {series} = state;
  const standing = friend && series && series.against === others[0] && series.mine + series.theirs > 0;
  const root = h('section', {class: 'match center'},
    setTitle(t, state, state.match.set),
    heading(t(friend ? 'matchedFriend' : 'matched')),
    pair(t, [mine, ...others], (id) => nameOf(state, id), (id) => (id === mine ? h('span', {class: 'muted'}, t('me')) : null)),
    standing ? h('p', {class: 'series numbers'}, t('seriesStands', series.mine, series.theirs)) : null,
    ...told.map((key) => h('p', {class: 'told'}, t(key))),
    waitedMs === undefined ? null : h('p', {class: 'muted'}, t('waited', (waitedMs / 1000).toFixed(1))),
    away, h('div', {class: 'told-of'}, status, alone),
    h('div', {class: 'actions'}, start, sureButton(t('leave'), t('giveUpSure'), actions.giveUp)));
  return {
    root, focus: ready ? undefined : start,
    update(state, now) {
      const {started, startAt, problem} = state.match;
      show(start, !ready || Boolean(problem)); // to accept is to start
      attribute(start, 'disabled', started || state.link.status !== 'open');
      tell(status, problem ? actions.word(problem) : started ? t('starting', names.join(', ')) : '', names);
      status.className = problem ? 'warn box' : 'muted';
      show(alone, !started && startAt !== null && !problem);
      say(alone, t('startsAlone', seconds(startAt ?? 0, now)));
      show(away, state.match.away);
      tell(away, state.match.away ? t('away', names.join(', ')) : '', names);
    },
  };
}
