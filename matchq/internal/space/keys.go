package space

import (
	"slices"
	"strconv"
	"strings"
)

// The keys that a namespace has once, as headers of scripts and Key know them. All keys of a namespace begin with one
// hash tag, so that it lives in one slot of a Redis Cluster and a script may use several of its keys.
const (
	Meta       = "meta"       // hash: the configuration in force, paused queues, the last event trimmed, the newest lease
	Tickets    = "tickets"    // hash: ticket id → its record while it waits or is proposed, then its outcome, until forgotten
	Players    = "players"    // hash: player → id of the latest ticket, until that is forgotten
	Due        = "due"        // sorted set: queue → when it next needs a visit (ms); every queue that holds tickets is in it
	Events     = "events"     // stream: changes of tickets, in order
	Counters   = "counters"   // hash: totals
	Matched    = "matched"    // sorted set: queue → matches made in it
	Tombstones = "tombstones" // hash: queue → ids in its lists whose ticket was cancelled
	Held       = "held"       // hash: queue → ids in its lists whose ticket is proposed
	Batches    = "batches"    // hash: queue → the rest of a batch that takes several calls
	Fallbacks  = "fallbacks"  // hash: queue whose policy failed → until when it does without (ms), and the policy's version
	Proposals  = "proposals"  // hash: match id → a proposal that is open, or how it was settled, until that is forgotten
	Deadlines  = "deadlines"  // sorted set: match id of each open proposal → when all must have accepted (ms)
	Online     = "online"     // hash: player → <0, or when the grace ends> TAB node TAB connection TAB data
	Away       = "away"       // sorted set: player whose connection has ended → when the grace ends (ms)
	Nodes      = "nodes"      // sorted set: node → when its lease ends (ms)
	NodeInfo   = "node_info"  // hash: node → its description of itself
	Runs       = "runs"       // sorted set: process in Matcher.Run → until when it counts as running (ms)
	Rights     = "rights"     // hash, while CheckRights runs
	Rules      = "rules"      // hash: pattern of queues → rules: at_ms TAB source TAB by TAB JSON
	MetOne     = "met_one"    // hash: player → the latest opponents; only where rules keep them apart
	MetTwo     = "met_two"    // hash: the same of the hour before, or after
	Sequels    = "sequels"    // hash: match id → its assignment and its release, until the match is forgotten
	Changes    = "changes"    // list: the newest changes of rules, the last one first
	Groups     = "groups"     // sorted set: group of workers → when it goes unless one of them calls before (ms)
)

var onceNames = []string{
	Meta, Tickets, Players, Due, Events, Counters, Matched, Tombstones, Held, Batches, Proposals, Deadlines,
	Online, Away, Nodes, NodeInfo, Runs, Rights, Fallbacks, Rules, Changes, MetOne, MetTwo, Groups, Sequels,
}

// The keys of which there are many, for KeyOf.
const (
	Waiting     = "waiting"      // list: ids that wait in a queue, oldest first; newcomers are put at its end
	Passed      = "passed"       // list: ids of a queue that the tick under way could not match; they return to the head of waiting
	Rank        = "rank"         // sorted set: members end with TAB and an id: a batch of rules that takes several calls, in their order
	NodePlayers = "node_players" // set: players connected to a node; some may have moved on to another one
	Mailbox     = "mailbox"      // stream: the newest messages to a player
	Room        = "room_key"     // hash: version, token of the last change, doc
	Timers      = "timers"       // sorted set: <kind TAB> room → when it is to be woken (ms); one for each kind of rooms
	Seats       = "seats"        // sorted set: rooms in which <kind TAB> player has a seat → when they are forgotten (ms)
	GroupInfo   = "group_info"   // hash: settings of a group of workers, its position in the events, totals
	Work        = "work"         // hash: events that a group has to do; lib/work.lua has the fields
	Ready       = "ready"        // list: ids of them that no worker has
	Leases      = "leases"       // sorted set: id of a delivered one → when it is delivered again (ms)
	Dead        = "dead"         // sorted set: id of a dead letter → since when it is one (ms)
	Workers     = "workers"      // sorted set: worker → until when it counts as alive (ms)
	Minute      = "minute"       // hash: samples of a minute since 1970: totals, and a payload of each node

	// MinuteQueues is a hash: queue → its samples in a minute since 1970; lua/history/record_queues.lua has the fields.
	MinuteQueues = "minute_queues"
)

// many has, for each name of such a key in a header, the beginning of its name in Redis and the argument that ends it.
var many = map[string]struct{ begin, argument string }{
	Waiting:      {"waiting:", "queue"},
	Passed:       {"passed:", "queue"},
	Rank:         {"rank:", "queue"},
	NodePlayers:  {"node:", "node"},
	Mailbox:      {"mailbox:", "player"},
	Room:         {"room:", "room"},
	Timers:       {"timers", "kind"},
	Seats:        {"seats:", "player"},
	"seats_held": {"seats:", "player"},
	"seats_left": {"seats:", "player"},
	Minute:       {"minute:", "minute"},
	MinuteQueues: {"minute_queues:", "minute"},
	GroupInfo:    {"group:", "group"},
	Work:         {"work:", "group"},
	Ready:        {"ready:", "group"},
	Leases:       {"leases:", "group"},
	Dead:         {"dead:", "group"},
	Workers:      {"workers:", "group"},
}

// Key is the name in Redis of a key that the namespace has once.
func (s *Space) Key(name string) string { return s.once[slices.Index(onceNames, name)] }

// KeyOf is the name in Redis of one of many keys: that of a queue, a player, a node, a room or a minute.
func (s *Space) KeyOf(name, of string) string { return s.prefix + many[name].begin + of }

// Channel is the name of the channel on which a node hears; with "" it is how those names begin. Redis's channels know
// nothing of databases, so the name tells those apart.
func (s *Space) Channel(node string) string {
	if s.db == 0 {
		return s.prefix + "to:" + node
	}
	return s.prefix + "to@" + strconv.Itoa(s.db) + ":" + node
}

// HashTag is how all keys of the namespace begin.
func (s *Space) HashTag() string { return strings.TrimSuffix(s.prefix, ":") }
