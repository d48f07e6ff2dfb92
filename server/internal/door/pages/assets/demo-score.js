// What a game adds up to: answers, streaks, the outcome, a series of games. Pure functions on the state.

const winsOfSeries = 2; // best of three

// countsDouble reports whether a question is worth twice the points: the last one of a game of at least five.
export const countsDouble = ({index, of}) => of >= 5 && index === of - 1;

// record adds the closed question, with the answers of the players, to the game's list. A repeat changes nothing.
export function record(state, answers) {
  const {game, match, me} = state;
  const {question} = game;
  if (!question || game.history.some(({id}) => id === question.id)) return;
  const others = match.players.filter((id) => id !== me?.player);
  game.history.push({
    id: question.id, text: question.text, choices: question.choices, mine: game.mine, right: game.right, gain: game.gains[me?.player] ?? 0,
    theirs: others.map((id) => ({id, pick: answers.find((other) => other.id === id)?.answer ?? null})),
  });
}

// streakOf returns how many questions in a row were right, up to now.
export function streakOf({history}) {
  let streak = 0;
  while (streak < history.length && history.at(-1 - streak).mine === history.at(-1 - streak).right) streak++;
  return streak;
}

// outcomeOf returns our result of a game, and why it is that if not by score. A player who has forfeited can't win.
export function outcomeOf(state, {roomId, results, reason, forfeitedBy = []}) {
  const me = state.me?.player;
  const ends = (outcome, why = null) => ({room: roomId, outcome, why, forfeitedBy});
  if (reason === 'void') return ends('nobody', 'voided');
  if (reason === 'lost') return ends('nobody', 'gameLost');
  if (forfeitedBy.includes(me)) return ends('lose', state.match.gaveUp ? 'forfeitMe' : 'forfeitAway');
  const mine = results.find(({id}) => id === me)?.score ?? 0;
  const best = Math.max(...results.filter(({id}) => id !== me && !forfeitedBy.includes(id)).map(({score}) => score));
  return ends(mine > best ? 'win' : mine < best ? 'lose' : 'draw', reason === 'forfeit' ? 'forfeitThem' : null);
}

// decided reports whether a series is over.
export const decided = ({mine, theirs}) => Math.max(mine, theirs) >= winsOfSeries;

// counted returns the series after a game of two players; null if there is none. Each page counts for itself.
export function counted(series, players, me, outcome) {
  const others = players.filter((id) => id !== me);
  if (others.length !== 1) return null;
  const goesOn = series?.against === others[0] && !decided(series);
  const {mine, theirs} = goesOn ? series : {mine: 0, theirs: 0};
  return {against: others[0], mine: mine + Number(outcome === 'win'), theirs: theirs + Number(outcome === 'lose')};
}
