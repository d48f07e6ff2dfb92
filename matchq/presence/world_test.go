package presence

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// world is a table, and a plain model of its environment: a Redis, a channel that may break, another node. Calls to
// Redis are made in steps, so that they interleave.
type world struct {
	*rapid.T

	table      *table
	mailboxes  map[string]int    // player → number of messages; the seq of message n is "n-0"
	where      map[string]string // player → connection, "elsewhere" at the other node, "" if there is none
	channel    []func()          // published to this node and not yet received
	subscribed bool

	heard   map[string]int  // connection → number of the newest message
	holds   map[string]bool // connections that may get messages
	conns   int
	opening []*opening
	sync    *syncing
}

// opening is a Connect in progress.
type opening struct {
	a      *attachment
	ran    bool // its script was run
	newest int
}

// syncing is a resync in progress.
type syncing struct {
	left, some []*attachment
	replaced   []bool
	newest     []int       // nil until Redis knows the connected players
	missed     [][]Message // nil before the mailboxes were read
}

var tablePlayers = []string{"alice", "bob"}

func newWorld(t *rapid.T) *world {
	w := &world{T: t, mailboxes: map[string]int{}, where: map[string]string{}, heard: map[string]int{}, holds: map[string]bool{}, subscribed: true}
	w.table = newTable(time.Minute, func() time.Time { return time.Unix(1, 0) }, w.deliver)
	return w
}

// deliver checks that a connection gets each message once and in order, and none after its end.
func (w *world) deliver(msg Message) {
	n, err := strconv.Atoi(strings.TrimSuffix(msg.Seq, "-0"))
	if err != nil {
		w.Fatal(err)
	}
	if !w.holds[msg.Conn] || n != w.heard[msg.Conn]+1 {
		w.Fatalf("%s, which holds: %v, hears %d after %d", msg.Conn, w.holds[msg.Conn], n, w.heard[msg.Conn])
	}
	w.heard[msg.Conn] = n
}

func numberedMessage(player string, n int) Message {
	return Message{Player: player, Seq: fmt.Sprintf("%d-0", n)}
}

func (w *world) publish(hear func()) {
	if w.subscribed {
		w.channel = append(w.channel, hear)
	}
}

func (w *world) send(player string, messages int) {
	for range messages {
		w.mailboxes[player]++
		msg := numberedMessage(player, w.mailboxes[player])
		if conn := w.where[player]; conn != "" && conn != "elsewhere" {
			w.publish(func() { w.table.hear(&msg) })
		}
	}
}

func (w *world) hear(messages int) {
	for ; messages > 0 && len(w.channel) > 0; messages-- {
		next := w.channel[0]
		w.channel = w.channel[1:]
		next()
	}
}

func (w *world) breakChannel() { w.subscribed, w.channel = false, nil }

func (w *world) subscribe() {
	if !w.subscribed {
		w.subscribed = true
		w.table.markMissed()
	}
}

// connectElsewhere connects a player to the other node.
func (w *world) connectElsewhere(player string) {
	if conn := w.where[player]; conn != "" && conn != "elsewhere" {
		w.publish(func() { w.drop(player, conn) })
	}
	w.where[player] = "elsewhere"
}

func (w *world) drop(player, conn string) {
	w.holds[conn] = false
	w.table.drop(player, conn)
}

func (w *world) open(player string) {
	for _, o := range w.opening {
		if o.a.player == player {
			return // Connects of a player wait for each other
		}
	}
	w.conns++
	a, err := w.table.attach(player, fmt.Sprintf("%s %d", player, w.conns), "")
	if err != nil {
		w.Fatal(err)
	}
	w.opening = append(w.opening, &opening{a: a})
}

func (o *opening) run(w *world) {
	if !o.ran {
		o.ran, o.newest, w.where[o.a.player] = true, w.mailboxes[o.a.player], o.a.conn
	}
}

// end ends an opening, with or without an answer of Redis.
func (o *opening) end(w *world, answered bool) {
	if !answered {
		w.table.abort(o.a)
		return
	}
	o.run(w)
	w.heard[o.a.conn], w.holds[o.a.conn] = o.newest, true
	if w.table.attached[o.a.player] != o.a {
		w.holds[o.a.conn] = false // it has ended
	}
	newest := ""
	if o.newest > 0 {
		newest = numberedMessage("", o.newest).Seq
	}
	if replaced := w.table.connected(o.a, newest); replaced != "" {
		w.holds[replaced] = false
	}
}

// close ends the connection that a player has here.
func (w *world) close(player string) {
	if a := w.table.attached[player]; a != nil {
		w.holds[a.conn] = false
		w.table.detach(player, a.conn)
	}
}

// flush reports ended connections to Redis.
func (w *world) flush() {
	some := w.table.untold(10)
	for _, c := range some {
		if w.where[c.Player] == c.Conn {
			w.where[c.Player] = ""
		}
	}
	w.table.told(some)
}

// stepSync takes the next step of a resync.
func (w *world) stepSync() {
	switch s := w.sync; {
	case s == nil:
		if all := w.table.beginSync(time.Hour); len(all) > 0 {
			w.sync = &syncing{left: all}
		}
	case s.some == nil && len(s.left) == 0:
		w.sync = nil
	case s.some == nil:
		w.sync = &syncing{some: w.table.buffer(s.left[:1]), left: s.left[1:]}
	case s.newest == nil:
		s.announce(w)
	case s.missed == nil:
		s.read(w)
	default:
		for i, a := range s.some {
			if s.replaced[i] {
				w.drop(a.player, a.conn)
			} else {
				w.table.resynced(a, s.missed[i])
			}
		}
		s.some = nil
	}
}

// announce tells Redis the connected players, and asks for the newest seqs of their mailboxes.
func (s *syncing) announce(w *world) {
	for _, a := range s.some {
		elsewhere := w.where[a.player] == "elsewhere"
		if !elsewhere {
			w.where[a.player] = a.conn
		}
		s.replaced, s.newest = append(s.replaced, elsewhere), append(s.newest, w.mailboxes[a.player])
	}
}

// read reads the mailboxes with missed messages.
func (s *syncing) read(w *world) {
	for i, a := range s.some {
		newest := ""
		if s.newest[i] > 0 {
			newest = numberedMessage("", s.newest[i]).Seq
		}
		var missed []Message
		if after, ok := w.table.missed(a, newest); ok {
			from, _ := strconv.Atoi(strings.TrimSuffix(after, "-0")) // 0 for all
			for n := from + 1; n <= w.mailboxes[a.player]; n++ {
				missed = append(missed, numberedMessage(a.player, n))
			}
		}
		s.missed = append(s.missed, missed)
	}
}

func (w *world) failSync() {
	if w.sync != nil && w.sync.some != nil {
		w.table.giveUp(w.sync.some)
		w.sync = nil
	}
}

// settle completes all calls, and checks that each connection has got all messages.
func (w *world) settle() {
	for _, o := range w.opening {
		o.end(w, true)
	}
	w.opening = nil
	w.subscribe()
	for range 100 {
		w.flush()
		w.hear(len(w.channel))
		w.stepSync()
	}
	if w.table.needsRun() || w.sync != nil {
		w.Fatal("it does not come to rest")
	}
	for player, a := range w.table.attached {
		if w.where[player] != a.conn || w.heard[a.conn] != w.mailboxes[player] || a.syncing || a.connecting {
			w.Fatalf("%s is connected by %q, in redis by %q, and has heard %d of %d", player, a.conn, w.where[player], w.heard[a.conn], w.mailboxes[player])
		}
	}
	for player, conn := range w.where {
		if conn != "" && conn != "elsewhere" && w.table.attached[player] == nil {
			w.Fatalf("redis has %s connected by %q", player, conn)
		}
	}
}
