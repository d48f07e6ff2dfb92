// How well the bot plays. The browser keeps the choice.

const place = 'matchq-bot-level';

// Each level says which part of the answers that it has learned the bot recalls, and what part of the time it takes, at
// least and at most. It guesses the others: it is told a right answer only when a question closes, as any player is.
export const levels = {
  easy: {recall: 0, pace: [0.35, 0.8]},
  normal: {recall: 0.6, pace: [0.15, 0.6]},
  hard: {recall: 1, pace: [0.06, 0.2]},
};

// level returns the name of the chosen level.
export function level() {
  try {
    const chosen = localStorage.getItem(place);
    return Object.hasOwn(levels, chosen ?? '') ? chosen : 'normal';
  } catch {
    return 'normal'; // storage can be forbidden
  }
}

export function choose(name) {
  try {
    localStorage.setItem(place, name);
  } catch {
    // then the bot stays as it is
  }
}
