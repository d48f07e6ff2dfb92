// The time in a queue: who else waits, when players are matched, how long that takes. Times are those of
// performance.now(), but for since, which a reload must not change.

const leastWatch = 8000; // ms of watching a queue before its pace says something
const ownShows = 1100; // ms until the server's counts have our ticket; it counts once a second

// waits notes that we wait. firstTickAt is the time of the queue's first visit after we joined. Later visits match nobody
// who is alone; they have other reasons.
export function waits(state, data, now, firstTickAt = now) {
  const before = state.ticket?.id === data.ticketId ? state.ticket : null;
  state.set = String(data.queue);
  state.ticket = {
    id: data.ticketId, queue: state.set, waiting: data.waiting ?? null,
    place: Math.min(before?.place ?? Infinity, data.waiting ?? Infinity),
    firstTickAt: before?.firstTickAt ?? firstTickAt, since: before?.since ?? performance.timeOrigin + now,
  };
  state.ticket.tickAt = tickOf(state.ticket, data.waiting, data.nextTickMs, now);
  if (state.ticket.place === Infinity) state.ticket.place = null;
}

// othersOf returns how many other players wait. The counts are of different moments: players ahead of us count too.
export function othersOf(ticket, waiting) {
  return Math.max(waiting ?? ticket.waiting ?? 1, ticket.place ?? 1) - 1;
}

// tickOf returns the time of a queue's next tick, null if unknown.
export function tickOf(ticket, waiting, ms, now) {
  return ms && (waiting > 1 || now < ticket.firstTickAt) ? now + ms : null;
}

// waitedOf returns how long we have waited (ms).
export function waitedOf(ticket, now) {
  return Math.max(0, performance.timeOrigin + now - ticket.since);
}

// seen notes a count of our queue that was asked for at a time.
export function seen(state, queue, now) {
  const {ticket} = state;
  const first = state.queues[queue.name]?.first ?? {at: now, total: queue.matched_total};
  state.queues = {...state.queues, [queue.name]: {...queue, first, withUs: waitedOf(ticket, now) > ownShows}};
  ticket.tickAt = tickOf(ticket, queue.waiting, queue.next_tick_ms, performance.now());
  // Those before us were matched, or we would not be among so few.
  if (ticket.place !== null) ticket.place = Math.max(1, Math.min(ticket.place, queue.waiting));
}

// estimateOf returns how long a match usually takes in a queue (ms), from the matches that this page has seen in it; null
// if it has seen none.
export function estimateOf(queue, now) {
  const matches = (queue?.matched_total ?? 0) - (queue?.first?.total ?? Infinity);
  const watched = now - (queue?.first?.at ?? now);
  return matches > 0 && watched > leastWatch ? watched / matches : null;
}

// gone takes our ticket out of the counts at once: those of the server have it for another second.
export function gone(state, now) {
  const queue = state.queues[state.ticket?.queue];
  state.countsFrom = now + ownShows;
  if (queue?.withUs) state.queues = {...state.queues, [state.ticket.queue]: {...queue, waiting: Math.max(0, queue.waiting - 1), withUs: false}};
}
