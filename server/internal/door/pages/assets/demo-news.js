// The page's HTTP requests: the questionnaires, and how many players wait for each.

import {tickOf} from './demo-state.js';

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
        const {queues} = await get('v1/queues');
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
  state.queues = {...state.queues, [name]: queue};
  const {ticket} = state;
  if (ticket?.id !== id) return; // our ticket has changed meanwhile
  ticket.tickAt = tickOf(ticket, queue.waiting, queue.next_tick_ms, performance.now());
  // Those before us were matched, or we would not be among so few.
  if (ticket.place !== null) ticket.place = Math.max(1, Math.min(ticket.place, queue.waiting));
}
