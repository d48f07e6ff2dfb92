// The page's HTTP requests: the questionnaires, and how many players wait for each.

import {seen} from './demo-ticket.js';

const often = 2000; // ms between two requests
const later = 3000; // ms until the next request for the list of questionnaires

async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

// loadSets gets the questionnaires, however long that takes.
export async function loadSets(state, changed) {
  for (;;) {
    try {
      state.sets = (await get('v1/questionnaires')).questionnaires;
      changed();
      return;
    } catch {
      state.sets = 'away';
      changed();
      await new Promise((done) => setTimeout(done, later));
    }
  }
}

// watchQueues polls the queues while the page is visible and connected. screen returns the current screen.
export function watchQueues(state, screen, changed) {
  const look = async () => {
    const shown = screen();
    if (document.hidden || state.link.status !== 'open' || shown !== 'home' && shown !== 'queue') return;
    try {
      if (shown === 'home') {
        const asked = performance.now();
        const {queues} = await get('v1/queues');
        if (asked < state.countsFrom) return; // they may have the ticket that we gave up
        state.queues = Object.fromEntries(queues.map((queue) => [queue.name, queue]));
      } else {
        await lookAt(state);
      }
      changed();
    } catch {
      // the connection reports a server that is away
    }
  };
  const again = async () => {
    await look();
    setTimeout(again, often);
  };
  again();
  document.addEventListener('visibilitychange', look);
  return look;
}

// lookAt requests the state of our queue.
async function lookAt(state) {
  const {id, queue: name} = state.ticket;
  const queue = await get(`v1/queues/${encodeURIComponent(name)}`);
  if (state.ticket?.id === id) seen(state, queue, performance.now()); // else our ticket has changed meanwhile
}
