// Package matchq is a matchmaking queue that lives inside Redis. Players who want to play the same wait in a Redis
// list; every few seconds a Lua script takes what gathered there and puts all matches together, in one step, on
// whichever node gets to it. No ticket is lost or matched twice, whatever node or connection dies meanwhile.
//
// # A first match
//
// Make one Matcher a process, from a client of yours. Let some process, or all of them, run it:
//
//	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", ContextTimeoutEnabled: true})
//	m, err := matchq.New(rdb, matchq.Config{}) // pairs, first come first served, every 5 s
//	go m.Run(ctx)
//
// Queue players as they come. The queue is whatever they want to play; it exists as long as somebody waits in it:
//
//	ticket, err := m.Enqueue(ctx, matchq.Request{Queue: "history", Player: "alice"})
//
// And tell them what became of it. Every process that holds connections watches all events and picks those of its
// own players:
//
//	for event, err := range m.Watch(ctx, position) {
//		if err != nil { … }
//		for _, ticket := range event.Tickets() {
//			tell(ticket.Player, event) // Matched, Expired or Cancelled; with a ready check Proposed and Restored too
//		}
//	}
//
// Work that is to be done once for each match, such as making a room, belongs into Consume: it hands each event to one
// worker of a group.
//
// # What can happen to a ticket
//
// A ticket is Waiting until it is Matched, Cancelled or Expired; there is an event for each end, and Ticket answers
// with it for Config.Retention. A player has at most one live ticket in a namespace: a second Enqueue gets a
// *DuplicateError with the first one. Cancel after the match gets a *MatchedError with the match.
//
// # Ready check
//
// With Config.ReadyTimeout a tick only proposes matches. Each player has that long to Accept; when all have, the match is
// made, under the id it was proposed with:
//
//	switch event.Kind {
//	case matchq.Proposed: // ask each player, who calls m.Accept(ctx, event.MatchID, player) or m.Decline
//	case matchq.Matched:  // all have accepted
//	case matchq.Restored: // somebody has not: this ticket waits again
//	case matchq.Cancelled: // and this one was that somebody's; event.Reason is DeclinedReason or NoAnswerReason
//	}
//
// Who is restored stands exactly where they stood and has waited since they came. While a ticket is proposed it is live:
// its player can't queue again, and it does not expire. Cancelling it declines. Withdraw takes players out of their
// queues who want to play with each other anyway.
//
// # When Redis does not answer
//
// Calls give up after Config.Timeout or when their context ends, whichever comes first, with an error that is
// ErrUnavailable. All of them may be repeated. An Enqueue whose answer got lost is void, not half done: see
// UnknownError. Run, Watch and Consume wait for Redis to come back and go on.
//
// # Windows
//
// A queue is matched once each Config.Interval, at a fixed time of Redis's clock that differs from queue to queue.
// Nobody leads: any number of nodes may Run one namespace, and share the queues that are due. A node that dies leaves
// nothing half done; the others find the queue due. Players who can't be matched keep their place for the next window
// and cost nothing until somebody joins them.
//
// # Players on many nodes
//
// A Node says in Redis who is connected to its process, by one lease for all of them, and hears what they are told:
// Post reaches a player on whatever node they are, and keeps the message for when they come back. A Request that is
// WhileOnline is cancelled when its player has been away for too long, and never matched after that.
//
// # Games on many nodes
//
// A Room is a small document with a version, the state of a game, say. ChangeRoom replaces it if nobody else was faster,
// and in the same step posts what the players are told, notes who has a seat, and sets when the room is to be woken.
// Any node finds what is due with DueRooms, so a game goes on when the node that served it dies.
//
// # Looking back
//
// Past tells what one ticket has been through, Latest which matches were made last. For charts, every node notes with
// NoteMinute, a few times a minute, where the namespace stands and what it has seen itself; Minutes reads a day of that.
//
// # Rules of your own
//
// A Policy groups the batch: FIFO, Random, or a Lua function of yours, which runs inside Redis and sees the rating,
// the attributes and the waiting time of each ticket.
package matchq
