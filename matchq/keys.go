package matchq

import (
	"strconv"
	"strings"
	"time"
)

// keys names everything a namespace keeps in Redis. All names share one hash tag, so that a namespace lives in one
// slot of a Redis Cluster and a script may touch several of its keys.
type keys struct {
	meta       string // hash: the agreed configuration, paused queues, the last event trimmed
	tickets    string // hash: ticket id → its record while it waits or is proposed, then its outcome, until it is forgotten
	players    string // hash: player → id of the latest ticket, until that is forgotten
	due        string // sorted set: queue → when it next needs a visit (ms); every queue that holds anybody is in it
	events     string // stream: what became of tickets, in order
	counters   string // hash: totals
	matched    string // sorted set: queue → matches made in it
	tombstones string // hash: queue → ids in its lists whose ticket was cancelled
	held       string // hash: queue → ids in its lists whose ticket is proposed
	batches    string // hash: queue → what is left of a batch that takes several calls
	proposals  string // hash: match id → a proposal that is open, or what it was settled as, until that is forgotten
	deadlines  string // sorted set: match id of each open proposal → when all must have accepted (ms)
	online     string // hash: player → <0, or when the grace ends> TAB node TAB connection TAB data
	away       string // sorted set: player whose connection has ended → when the grace ends (ms)
	nodes      string // sorted set: node → when its lease ends (ms)
	nodeInfo   string // hash: node → what it says of itself
	channel    string // what the names of the nodes' channels begin with; these are no keys
	timers     string // sorted set: room → when it is to be woken (ms)
	prefix     string
}

func newKeys(namespace string) keys {
	prefix := "{" + namespace + "}:"
	return keys{
		meta:       prefix + "meta",
		tickets:    prefix + "tickets",
		players:    prefix + "players",
		due:        prefix + "due",
		events:     prefix + "events",
		counters:   prefix + "counters",
		matched:    prefix + "matched",
		tombstones: prefix + "tombstones",
		held:       prefix + "held",
		batches:    prefix + "batches",
		proposals:  prefix + "proposals",
		deadlines:  prefix + "deadlines",
		online:     prefix + "online",
		away:       prefix + "away",
		nodes:      prefix + "nodes",
		nodeInfo:   prefix + "nodeinfo",
		channel:    prefix + "to:",
		timers:     prefix + "timers",
		prefix:     prefix,
	}
}

// hashTag is what all keys of the namespace begin with.
func (k *keys) hashTag() string { return strings.TrimSuffix(k.prefix, ":") }

// waiting is the list of ids that wait in a queue, oldest first; newcomers are put at its end.
func (k *keys) waiting(queue string) string { return k.prefix + "waiting:" + queue }

// passed is the list of ids that a tick under way could not match; they return to the head of waiting.
func (k *keys) passed(queue string) string { return k.prefix + "passed:" + queue }

// outbox is the stream of what a player was told last.
func (k *keys) outbox(player string) string { return k.prefix + "outbox:" + player }

// nodePlayers is the set of players connected to a node; some of them may have moved on to another one.
func (k *keys) nodePlayers(node string) string { return k.prefix + "node:" + node }

// room is the hash of a room: version, token of the last change, doc.
func (k *keys) room(id string) string { return k.prefix + "room:" + id }

// seats is the sorted set of the rooms a player has a seat in, by when they are forgotten (ms).
func (k *keys) seats(player string) string { return k.prefix + "seats:" + player }

// minute is the hash of what was noted of a minute: totals, and what each node said.
func (k *keys) minute(start time.Time) string {
	return k.prefix + "minute:" + strconv.FormatInt(start.Unix()/60, 10)
}
