// The right answers that bots of this browser have been told.

const place = 'matchq-bot-learned';
const most = 500; // answers

function all() {
  try {
    return JSON.parse(localStorage.getItem(place)) ?? [];
  } catch {
    return []; // empty, or storage is forbidden
  }
}

// learn keeps the right answer of a question: its text, since another game may have another order.
export function learn(set, question, answer) {
  const key = `${set}/${question}`;
  const kept = all().filter(([known]) => known !== key);
  try {
    localStorage.setItem(place, JSON.stringify([...kept, [key, answer]].slice(-most)));
  } catch {
    // then it is forgotten
  }
}

// recalled returns the learned answer of a question, or undefined.
export function recalled(set, question) {
  return all().find(([known]) => known === `${set}/${question}`)?.[1];
}
