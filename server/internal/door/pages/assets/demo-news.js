// What the server is asked for beside the connection: what can be played, and how many wait for it.

import {tickOf} from './demo-state.js';

const often = 2000; // ms between two looks
const later = 3000; // ms until the list of questionnaires is asked for again

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

// watchQueues keeps looking who waits, while anybody can see it and the server is there. screen says what is to be seen.
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
      // the connection says so when the server is away
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

// lookAt looks at the queue that we are in.
async function lookAt(state) {
  const {id, queue: name} = state.ticket;
  const queue = await get(`v1/queues/${encodeURIComponent(name)}`);
  state.queues = {...state.queues, [name]: queue};
  const {ticket} = state;
  if (ticket?.id !== id) return; // things have gone on meanwhile
  ticket.tickAt = tickOf(ticket, queue.waiting, queue.next_tick_ms, performance.now());
  // Those before us were matched, or we would not be among so few.
  if (ticket.place !== null) ticket.place = Math.max(1, Math.min(ticket.place, queue.waiting));
}
