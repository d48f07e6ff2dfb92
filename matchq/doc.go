// Package matchq is a matchmaking queue that lives inside Redis. Players wait in a Redis list for each queue; every few
// seconds a Lua script takes the tickets that gathered there and makes all matches of them, atomically, up to
// Config.Limit tickets a step, on any node. No ticket is lost or matched twice, even if nodes and connections die meanwhile.
//
// # A first match
//
// Make one Matcher a process, on a client of yours. Let some process, or all of them, run it:
//
//	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", ContextTimeoutEnabled: true})
//	m, err := matchq.New(rdb, matchq.Config{}) // pairs, first come first served, every 5 s
//	go m.Run(ctx)
//
// Queue players as they come. A queue is a name of yours; it exists as long as tickets wait in it:
//
//	ticket, err := m.Enqueue(ctx, matchq.Request{Queue: "history", Player: "alice"})
//
// Tell them the outcome. A request that waits for its own ticket calls Wait, in any number of goroutines:
//
//	ticket, err = m.Wait(ctx, ticket.ID) // Matched, with its Match; Expired or Cancelled
//
// A process that holds connections watches all events and picks those of its own players:
//
//	for event, err := range m.Watch(ctx, position) {
//		if err != nil { … }
//		for _, ticket := range event.Tickets() {
//			tell(ticket.Player, event) // Matched, Expired or Cancelled; with a ready check Proposed and Restored too
//		}
//	}
//
// Use Consume for work that is to be done once for each match, such as making a room: it hands each match to one worker
// of a group, again after a failure or the death of the worker, and keeps dead letters.
//
// # The life of a ticket
//
// A ticket is Waiting until it is Matched, Cancelled or Expired. There is an event for each end, and Ticket returns it
// for Config.Retention. A player has at most one live ticket in a namespace: a second Enqueue gets a *DuplicateError with
// the first ticket. Cancel after the match gets a *MatchedError with the match.
//
// # Ready check
//
// With a ready check (Rules.ReadyTimeout) a tick only proposes matches. Each player has that long to Accept; when all have,
// the match is made, under the id it was proposed with:
//
//	switch event.Kind {
//	case matchq.Proposed:  // ask each player, and call m.Accept(ctx, event.MatchID, player) or m.Decline
//	case matchq.Matched:   // all have accepted
//	case matchq.Restored:  // another player did not: this ticket waits again
//	case matchq.Cancelled: // this player did not: event.Reason is ReasonDeclined or ReasonNoAnswer
//	}
//
// A restored ticket keeps its place and its EnqueuedAt. A proposed ticket is live: its player can't queue again, and it
// does not expire. Cancelling it declines. Withdraw takes players out of their queues, for a match made elsewhere.
//
// # Where a match is played
//
// A match needs a place to be played. The allocator of places names one, or releases the match if there is none:
//
//	match, err := m.Assign(ctx, matchID, matchq.Assignment{Connection: "203.0.113.5:7777"})
//	match, results, err := m.Release(ctx, matchID, "no_server")
//
// The assignment is part of the Match from then on, and an Assigned event tells of it. A released match has its players wait
// again at the head of the line, with new tickets that wait since the old ones did; a Released event names them by
// Ticket.Successor. The old tickets stay Matched. New tickets count as enqueued, so the totals add up as before.
//
// # When Redis does not answer
//
// Calls give up after Config.Timeout with an error that is ErrUnavailable, and may be repeated; ErrRefused says that Redis
// answers and refuses. An Enqueue whose answer got lost is void: see UnknownError. Run, Watch, Wait and Consume wait and go on.
//
// # Windows
//
// A queue is matched once each interval, at a fixed time of Redis's clock that differs from queue to queue. There
// is no leader: any number of nodes may Run one namespace. A node that dies leaves nothing half done; the others find the
// queue due. Players without a partner keep their place. First come, first served, a queue with too few of them is not visited
// until another joins or one expires; by rules it is visited when two may meet; a policy of your own sees it in each window.
//
// # Rules
//
// Rules say how queues are matched: interval, size, time to live, ready check, policy, and which players may meet. They live in
// Redis, hold on all nodes, and may change while tickets wait: see SetRules and StoredRules. The fields of Config that are
// rules are stored when a process starts.
//
// # A policy of your own
//
// A Policy groups the batch: FIFO, Random, or a Lua function of yours, which runs inside Redis and sees the rating, the
// attributes and the waiting time of each ticket. It sees copies and can do nothing but compute. FIFO replaces it for a
// while where it fails or takes too long.
//
// # Watching it work
//
// Config.Hooks and AddHooks tell each request, script, tick and event of this process to functions of yours; package metrics
// counts them for Prometheus. ScriptName gives the driver's spans a name, as in examples/tracing.
//
// Packages presence, rooms and history, beside this one, know where players are connected and reach them there, keep the
// state of games, and keep a day of minutes for charts.
package matchq
