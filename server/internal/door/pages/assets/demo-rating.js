// The rating of a player, and how a match by rules is told in words. A tab keeps its player's rating, as it keeps the
// name: the demo has no accounts.

const beginner = 1000;
const step = 32; // the most that a game moves a rating
const alike = 50; // players so near have about the same strength

// ratingOf returns what a player says of the own strength; null if that is no number.
export function ratingOf(attributes) {
  return Number.isFinite(attributes?.rating) ? attributes.rating : null;
}

// known returns a remembered rating, or that of a beginner.
export function known(rating) {
  return Number.isFinite(rating) ? rating : beginner;
}

// after returns a rating after a game (Elo); share is 1 for a victory, 0.5 for a draw, 0 for a defeat.
export function after(mine, theirs, share) {
  return Math.round(mine + step * (share - 1 / (1 + 10 ** ((theirs - mine) / 400))));
}

// told returns the keys of the words for what rules did in a match; none if no rule compared the players.
export function told(rules, mine, theirs) {
  const distances = (rules?.applied ?? []).filter(({gap}) => gap !== undefined);
  if (distances.length === 0) return [];
  const words = [];
  if (mine !== null && theirs !== null) {
    words.push(Math.abs(theirs - mine) <= alike ? 'equalOpponent' : theirs > mine ? 'strongOpponent' : 'easyOpponent');
  }
  if (distances.some(({widened}) => widened > 0)) words.push('waitedLonger');
  return words;
}
