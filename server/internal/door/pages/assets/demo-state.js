// The state of a player, and its changes by the server's events. All screens are drawn from this one state; nothing
// here draws, sends or waits. Times are those of performance.now().

import {clean, plain} from './demo-names.js';
import {after, known, ratingOf, told} from './demo-rating.js';
import {counted, outcomeOf, record} from './demo-score.js';
import {gone, waits} from './demo-ticket.js';

// dict is an object with players' ids as keys. It inherits nothing: a player may be called constructor.
const dict = (entries = {}) => Object.assign(Object.create(null), entries);

// start is the first state of a page, with the tab's remembered values.
export function start(remembered = {}) {
  const {names = {}, set = '', seq = '', ticket = null, match = null, game = null, result = null, series = null, join = null, sharing = false, rating} = remembered;
  if (game) {
    for (const key of ['answered', 'scores', 'gains']) game[key] = dict(game[key]);
    game.history ??= [];
    game.closesAt = game.startsAt = game.awayUntil = null; // of another page's clock; the server sends new ones
  }
  if (ticket) ticket.tickAt = ticket.firstTickAt = null;
  if (match && typeof match.startAt === 'number') match.startAt = Math.min(match.startAt, performance.now() + lookAtEachOther);
  if (result) result.showAt = 0;
  return {
    me: null, names: dict(names), set, seq, ticket, match, game, result, series, join: join && {...join, askAt: 0, asking: false}, sharing, rating: known(rating),
    sets: null, queues: {}, countsFrom: 0, proposed: null, invitations: [], invited: null, notice: null,
    link: {status: 'connecting', since: 0}, backAt: null, busy: false, bot: null,
  };
}

// remembered returns the values that the tab keeps.
export function remembered({names, set, seq, ticket, match, game, result, series, join, sharing, rating}) {
  return {names, set, seq, ticket, match, game, result, series, join, sharing, rating};
}

// screen returns the name of the screen to show.
export function screen(state, now = performance.now()) {
  if (state.link.status === 'replaced' || state.link.status === 'refused') return 'stopped';
  if (state.result && now >= state.result.showAt) return 'result';
  if (state.game) return 'game';
  if (state.match) return 'match';
  if (state.proposed) return 'proposed';
  if (state.ticket) return 'queue';
  return state.join ? 'join' : 'home';
}

// nameOf returns a player's name; the server knows only ids.
export function nameOf(state, id) {
  return state.names[id] ?? plain(id).replace(/^(guest-.{4}).*/, '$1');
}

// playing reports whether we are in a match that is not over.
export function playing(state) {
  return Boolean(state.match && !state.result);
}

// apply applies an event of the server to the state.
export function apply(state, event, data, now = performance.now()) {
  handlers[event]?.(state, data, now);
}

// leave drops the ticket, the match and the game.
export function leave(state, notice = null) {
  state.ticket = state.proposed = state.match = state.game = state.result = state.invited = state.join = null;
  state.notice = notice;
}

const handlers = {
  match_status: (state, data, now) => statuses[data.status]?.(state, data, now),

  cancel_request_general_match_status: (state, data, now) => {
    if (data.status === 'ALREADY_MATCHED') return;
    gone(state, now);
    state.ticket = state.proposed = null;
  },

  match_proposed: (state, data, now) => {
    state.proposed = {id: data.matchId, players: data.players, until: now + data.deadlineMs, accepted: false};
  },

  request_game_match_to_friend: (state, data) => {
    if (!data.roomId && state.join) {
      state.join.away = true; // the friend is not connected, and may come
    } else if (!data.roomId) { // the answer to our challenge: the friend is not connected
      state.invited = null;
      state.notice = {key: 'friendGone'};
    } else if (!state.invitations.some(({room}) => room === data.roomId) && data.roomId !== state.match?.room) {
      state.invitations.push({room: data.roomId, from: data.user1.id});
    }
  },

  created_friend_match: (state, data, now) => {
    if (state.match?.room === data.roomId) return;
    meet(state, {room: data.roomId, set: state.set, friend: true, startAt: now}, users(data));
  },

  friend_request_declined: (state, data) => {
    state.invitations = state.invitations.filter(({room}) => room !== data.roomId);
    if (state.join?.room === data.roomId) Object.assign(state.join, {room: null, askAt: null, ended: data.reason});
    if (state.invited?.room === data.roomId) {
      state.notice = state.invited.withdrawn ? null : {key: data.reason === 'declined' ? 'declined' : 'noReply', name: nameOf(state, state.invited.to)};
      state.invited = null;
    }
  },

  game_starting: (state, data, now) => {
    if (!state.match) return; // it names no room: it belongs to a game that we have left
    play(state);
    state.game.phase = 'countdown';
    state.game.startsAt = now + data.inMs;
  },

  question_started: (state, data, now) => {
    if (data.roomId !== state.match?.room) return;
    play(state);
    asked(state.game, data, now);
  },

  get_answer_result: (state, data) => {
    const {id, answer} = data.user;
    if (state.game?.question?.id === answer.questionItemId) state.game.answered[id] = true;
  },

  question_closed: (state, data) => {
    if (data.roomId !== state.match?.room || !state.game) return;
    const before = state.game.scores;
    state.game.phase = 'closed';
    state.game.closesAt = null;
    state.game.scores = scores(data.scores);
    state.game.gains = dict(Object.fromEntries(data.scores.map(({id, score}) => [id, score - (before[id] ?? 0)])));
    if (state.game.question?.id !== data.questionItemId) return;
    state.game.right = data.answer;
    record(state, data.answers);
  },

  game_over: (state, data, now) => {
    if (data.roomId !== state.match?.room || state.result) return;
    const {against, players, set} = state.match;
    state.result = {...outcomeOf(state, data), results: data.results, players, set, history: state.game?.history ?? []};
    const share = {win: 1, draw: 0.5, lose: 0}[state.result.outcome];
    if (share !== undefined) state.series = counted(state.series, players, state.me?.player, state.result.outcome);
    if (typeof against === 'number' && share !== undefined) {
      const before = state.rating;
      state.rating = after(before, against, share);
      state.result.rating = {now: state.rating, change: state.rating - before};
    }
    state.result.showAt = state.game?.phase === 'closed' ? now + lastLook : 0; // show the last right answer first
  },

  opponent_away: (state, data, now) => {
    if (state.match) state.match.away = true;
    if (state.game) state.game.awayUntil = now + data.graceMs;
  },

  opponent_back: (state) => {
    if (state.match) state.match.away = false;
    if (state.game) state.game.awayUntil = null;
  },

  state: restore,
};

const statuses = {
  PUSHED_TO_QUEUE: (state, data, now) => {
    leave(state);
    waits(state, data, now, now + (data.nextTickMs ?? 0));
  },

  RESTORED: (state, data, now) => {
    const released = state.match || state.result; // the match was made, and can't be played
    const since = state.ticket?.since ?? performance.timeOrigin + now;
    leave(state, {key: released ? 'released' : 'restored'});
    state.ticket = {id: data.ticketId, queue: String(data.queue), place: null, waiting: null, tickAt: null, since};
  },

  MATCHED: (state, data, now) => {
    if (data.roomId === state.match?.room || data.roomId === state.result?.room) return; // a repeat
    const players = users(data);
    const [mine, against] = [players.find(isMe(state)), players.find((user) => !isMe(state)(user))].map((user) => ratingOf(user?.attributes));
    const ready = Boolean(state.proposed?.accepted); // the player has said so
    state.series = null;
    meet(state, {
      room: data.roomId, set: String(data.questionaireId), waitedMs: data.waitedMs, startAt: now + (ready ? shortLook : lookAtEachOther), ready,
      against, told: told(data.rules, mine, against),
    }, players);
  },

  EXPIRED: (state, data, now) => over(state, data, now, 'expired'),

  CANCELLED: (state, data, now) => over(state, data, now, data.reason in endings ? endings[data.reason] : 'lost'),
};

// endings are the texts for a cancelled ticket, by reason; none where the player knows the reason.
const endings = {
  requested: null, friend_match: null, drained: 'drained', operator: 'operator', disconnected: 'awayTooLong', declined: 'youDeclined', no_answer: 'noAnswer',
};

// The time that opponents see each other before a game starts by itself, also after a ready check, and the time that they
// see the closed last question (ms).
const lookAtEachOther = 8000;
const shortLook = 2500;
const lastLook = 1800;

function over(state, data, now, key) {
  if (state.ticket?.id !== data.ticketId) return; // of an older ticket
  gone(state, now);
  state.ticket = state.proposed = null;
  if (key) state.notice = {key, set: String(data.queue)};
}

// isMe returns whether a user of a payload is the player of this tab.
const isMe = (state) => ({id}) => id === state.me?.player;

// users returns the users of a payload: user1, user2 and so on.
function users(data) {
  return Object.keys(data).filter((key) => /^user\d+$/.test(key)).sort().map((key) => data[key]);
}

// meet begins a match.
function meet(state, match, players) {
  for (const {id, attributes} of players) {
    const name = typeof attributes?.name === 'string' ? clean(attributes.name) : '';
    if (name) state.names[id] = name;
  }
  leave(state);
  state.sharing = false;
  state.set = match.set;
  state.invitations = state.invitations.filter(({room}) => room !== match.room);
  state.match = {...match, players: players.map(({id}) => id), away: false, started: false, problem: null};
}

function play(state) {
  state.game ??= {
    phase: 'countdown', startsAt: null, index: 0, of: 0, question: null, closesAt: null, wholeMs: 1, mine: null, unsure: false, late: false,
    right: null, answered: dict(), scores: dict(), gains: dict(), awayUntil: null, history: [],
  };
}

function asked(game, data, now) {
  if (game.question?.id !== data.question.id) {
    Object.assign(game, {question: data.question, mine: null, unsure: false, late: false, answered: dict(), gains: dict()});
  }
  Object.assign(game, {phase: 'question', index: data.index, of: data.of, right: null, closesAt: now + data.closesInMs});
  game.wholeMs = Math.max(game.wholeMs, data.closesInMs); // all questions have the same time; this one may be half over
}

function scores(list) {
  return dict(Object.fromEntries(list.map(({id, score}) => [id, score])));
}

// restore replaces the state by the server's, when missed messages are lost.
function restore(state, data, now) {
  state.invitations = (data.invitations ?? []).map(({roomId, user1}) => ({room: roomId, from: user1.id}));
  const matched = data.match?.status === 'MATCHED' ? data.match : null;
  if (data.room) {
    restoreRoom(state, data.room, matched, now);
  } else if (matched) {
    if (matched.roomId !== state.match?.room) statuses.MATCHED(state, matched, now);
    state.game = null;
  } else if (data.match) {
    if (data.ticket) waits(state, data.ticket, now);
    if (data.match.matchId !== state.proposed?.id) handlers.match_proposed(state, data.match, now);
  } else if (data.ticket) {
    if (state.ticket?.id !== data.ticket.ticketId) leave(state);
    state.proposed = null;
    waits(state, data.ticket, now);
  } else if (state.match && !state.result || state.ticket) {
    leave(state, {key: state.match ? 'gameGone' : 'placeGone', set: state.set});
  }
}

function restoreRoom(state, room, matched, now) {
  if (room.roomId !== state.match?.room) {
    if (matched?.roomId === room.roomId) {
      statuses.MATCHED(state, matched, now);
    } else {
      meet(state, {room: room.roomId, set: state.set, friend: true, startAt: now}, room.scores);
    }
  }
  state.result = null;
  state.match.away = room.opponentAway;
  if (room.mode !== 'paced') {
    state.game = null;
    return;
  }
  play(state);
  state.match.started = true;
  const {game} = state;
  game.scores = scores(room.scores);
  game.awayUntil = room.opponentAway ? game.awayUntil ?? now : null;
  if (room.question) {
    asked(game, room, now);
  } else {
    Object.assign(game, {index: room.index, of: room.of, closesAt: null});
    if (room.index > 0 && game.phase !== 'closed') game.phase = 'between';
  }
}
