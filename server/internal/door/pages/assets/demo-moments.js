// The moments of a game that sounds and messages accompany.

const last = 3; // seconds of a question that tick

// momentOf returns the present moment, with a key that only this one has.
export function momentOf(state, screen, now) {
  const {match, game, result} = state;
  const me = state.me?.player;
  if (screen === 'result') return [{win: 'win', lose: 'lose', draw: 'draw'}[result.outcome], `${result.room} over`];
  if (screen === 'match' || screen === 'proposed') return ['found', match?.ready ? state.match.room : screen];
  if (screen !== 'game' || !game.question) return [null, screen];
  if (game.phase === 'closed') {
    return [game.mine === game.right ? 'right' : 'wrong', `${game.question.id} closed`];
  }
  const left = Math.ceil((game.closesAt - now) / 1000);
  if (game.phase === 'question' && game.mine === null && game.closesAt && left > 0 && left <= last) return ['tick', `${game.question.id} ${left}`];
  return [game.answered[me] || game.mine !== null ? null : 'ask', game.question.id];
}
