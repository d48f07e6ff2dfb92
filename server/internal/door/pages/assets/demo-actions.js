// The players' actions. Each sends a request to the server; the server's events then change the state.

import {ended} from './demo-connection.js';
import {leave, screen} from './demo-state.js';
import {noticeOf} from './demo-player.js';

const rounds = 7; // questions of a game
const askAgainAfter = 3000; // ms until a friend who is away is asked again
const freshEnough = 5 * 60_000; // ms that a guest's token must still last for a new game

export function actionsOf(player) {
  const {state} = player;

  const play = async (withBot) => {
    // The server may say that we wait or play already.
    if (state.link.status === 'connecting' && (!await player.linked() || screen(state) !== 'home')) return;
    player.dropBot();
    if (ended(state.me, freshEnough)) await player.becomeNew();
    const answer = await player.attempt('create_general_game_match', {
      userId: state.me?.player, questionaireId: state.set, rating: state.rating, attributes: {name: player.name, rating: state.rating},
    });
    if (answer?.status === 'DUPLICATED_USER_ID') await player.attempt('get_state');
    if (withBot && state.ticket) player.callBot(state.ticket.queue);
  };

  const start = async () => {
    const {match} = state;
    Object.assign(match, {started: true, startAt: null, problem: null});
    player.changed();
    try {
      await player.ask('start_game', {roomId: match.room, questionaireId: match.set, limit: rounds});
    } catch (problem) {
      match.started = false;
      if (problem.code !== 'offline') match.problem = noticeOf(problem);
      if (problem.code === 'offline' || problem.retryAfterMs) match.startAt = performance.now() + (problem.retryAfterMs ?? 0);
      player.changed();
    }
  };

  const answer = async (choice) => {
    const {game} = state;
    if (game?.phase !== 'question' || game.mine !== null || choice >= game.question.choices.length) return;
    Object.assign(game, {mine: choice, unsure: true});
    player.changed();
    await tell();
  };

  // tell sends our answer. If the connection breaks meanwhile it may have counted or not: then it is sent again.
  const tell = async () => {
    const {match, game} = state;
    const {id} = game.question;
    try {
      await player.ask('send_answer', {roomId: match.room, questionItemId: id, answer: game.mine});
      game.unsure = false;
    } catch (problem) {
      if (game.question?.id !== id || problem.code === 'offline') return;
      Object.assign(game, {mine: null, unsure: false, late: problem.code === 'too_late'}); // the player can try again
      if (!game.late) state.notice = noticeOf(problem);
    }
    player.changed();
  };

  // goOn repeats requests that may have been lost with the connection.
  const goOn = () => {
    const {match, game} = state;
    if (match?.started && !game) start();
    if (state.join) Object.assign(state.join, {askAt: performance.now(), room: null});
    if (game?.phase === 'question' && game.unsure) tell();
  };

  const giveUp = async () => {
    const {match} = state;
    match.gaveUp = true; // before the server sends the result
    match.gaveUp = Boolean(await player.attempt('end_game_playing', {roomId: match.room}));
    if (state.notice?.key === 'not_found') leave(state); // the game is gone already
    player.changed();
  };

  const forget = (invitation) => {
    state.invitations = state.invitations.filter((other) => other !== invitation);
    player.changed();
  };

  const accept = async (invitation) => {
    if (!await player.attempt('accept_friend_request', {roomId: invitation.room}) && state.link.status === 'open') forget(invitation);
  };

  const challenge = async () => {
    const opponent = state.result.players.find((id) => id !== state.me.player);
    const theirs = state.invitations.find(({from}) => from === opponent);
    if (theirs) {
      await accept(theirs);
      return;
    }
    const users = await player.attempt('request_friend_game_matching', {friendUserId: opponent});
    if (users?.roomId && state.match?.room !== users.roomId) state.invited = {room: users.roomId, to: opponent};
    player.changed();
  };

  // askFriend asks the player of a link for a game, again and again while that player is away.
  const askFriend = async () => {
    const {join} = state;
    if (!join || join.room || join.asking || state.link.status !== 'open') return;
    Object.assign(join, {asking: true, askAt: null, problem: null});
    try {
      const users = await player.ask('request_friend_game_matching', {friendUserId: join.to});
      if (users?.roomId) Object.assign(join, {room: users.roomId, away: false, ended: null});
      else join.askAt = performance.now() + askAgainAfter;
    } catch (problem) {
      if (problem.code === 'offline' || problem.retryAfterMs) join.askAt = performance.now() + (problem.retryAfterMs ?? 0);
      else join.problem = noticeOf(problem);
    }
    join.asking = false;
    player.changed();
  };

  const withdraw = async () => {
    const {invited} = state;
    invited.withdrawn = true;
    if (await player.attempt('end_game_playing', {roomId: invited.room})) state.invited = null;
    player.changed();
  };

  return {
    name: () => player.name,
    rename: (name) => {
      player.rename(name);
      return player.name;
    },
    pick: (set) => {
      state.set = set;
      player.changed();
    },
    play,
    callBot: () => player.callBot(state.ticket.queue),
    cancel: () => player.attempt('cancel_request_general_match'),
    accept: async () => {
      const {proposed} = state;
      proposed.accepted = Boolean(await player.attempt('accept_match', {matchId: proposed.id}));
      player.changed();
    },
    decline: () => player.attempt('decline_match', {matchId: state.proposed.id}),
    start,
    answer,
    goOn,
    giveUp,
    challenge,
    withdraw,
    acceptInvitation: accept,
    declineInvitation: async (invitation) => {
      await player.attempt('decline_friend_request', {roomId: invitation.room});
      forget(invitation);
    },
    home: () => {
      leave(state);
      player.settle();
    },
    comeBack: () => player.comeBack(),
    somebodyNew: () => player.becomeNew(),
    tryNow: () => player.wake(),
    askFriend,
    askAgain: () => {
      Object.assign(state.join, {ended: null, problem: null, room: null});
      return askFriend();
    },
    leaveJoin: () => {
      const {room} = state.join;
      leave(state);
      if (room) player.ask('end_game_playing', {roomId: room}).catch(() => {}); // else it expires
      player.changed();
    },
    // welcome accepts the friend who has opened our link: we have asked for the game.
    welcome: () => {
      const [invitation] = state.invitations;
      if (invitation && state.sharing && !state.match && !state.proposed) accept(invitation);
    },
    dismiss: () => {
      state.notice = null;
      player.changed();
    },
  };
}
