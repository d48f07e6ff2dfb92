package presence

import (
	"sync"
	"time"
)

// table has a node's connections. It decides which changes Redis must learn, and which messages are handed over;
// it makes no calls itself.
//
// Messages come by a channel that may lose them, and stand in the mailboxes too. Each message is handed over once, in the
// mailbox's order: while a mailbox is asked for missed messages, those that come by the channel are buffered. While
// messages may have been missed and no mailbox was asked yet, those that come are left in the mailbox.
type table struct {
	keep    time.Duration // Config.MailboxKeep
	now     func() time.Time
	deliver func(Message) // called under mu, so that messages keep their order

	mu       sync.Mutex
	attached map[string]*attachment // by player
	leaving  map[string]*connection // by connection: ends that Redis has not been told of
	epoch    int                    // grows whenever messages may have been missed
	stale    bool                   // Redis must hear of the attachments, and give their missed messages
	synced   time.Time              // when that was last begun
	closed   bool
}

// attachment is a player's connection to this node.
type attachment struct {
	player, conn, data string

	start  string    // seq of the newest message when the connection was made
	last   string    // seq of the newest message that was handed over
	lastAt time.Time // when it was
	epoch  int       // of the table, when the mailbox was last asked; neverAsked to leave messages in it until then

	connecting  bool        // Redis is being told of it
	syncing     bool        // its mailbox is being asked
	buffered    []Message   // that came meanwhile
	unconfirmed bool        // an earlier Connect had no answer, and Redis may have been told that it ended
	old         *attachment // the player's connection before, while connecting
}

const neverAsked = 0

// connection is an attachment as Redis is told of it, or of its end.
type connection struct {
	Player string `lua:"player"`
	Conn   string `lua:"conn"`
	Data   string `lua:"data"`
}

func (a *attachment) connection() *connection { return &connection{a.player, a.conn, a.data} }

func newTable(keep time.Duration, now func() time.Time, deliver func(Message)) *table {
	return &table{
		keep: keep, now: now, deliver: deliver, epoch: neverAsked + 1, synced: now(),
		attached: map[string]*attachment{}, leaving: map[string]*connection{},
	}
}

// attach makes a connection the player's, to be ended by connected or abort.
func (t *table) attach(player, conn, data string) (*attachment, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, ErrClosed
	}
	a := &attachment{player: player, conn: conn, data: data, connecting: true, epoch: t.epoch, old: t.attached[player]}
	_, a.unconfirmed = t.leaving[conn]
	delete(t.leaving, conn)
	t.attached[player] = a
	return a, nil
}

// connected ends an attach of which Redis knows. newest is where the mailbox stood: the connection hears messages
// after that. It returns the connection that was replaced here, if any.
func (t *table) connected(a *attachment, newest string) (replaced string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if a.old != nil && a.old.conn != a.conn && t.attached[a.player] != a.old {
		replaced = a.old.conn
	}
	a.start, a.last, a.lastAt = newest, newest, t.now()
	t.stale = t.stale || a.unconfirmed
	t.catchUp(a, nil)
	return replaced
}

// abort takes an attach back of which Redis may have heard or not.
func (t *table) abort(a *attachment) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.attached[a.player] == a {
		t.restore(a)
	}
	if a.old == nil || a.old.conn != a.conn {
		t.leaving[a.conn] = a.connection()
	}
}

// restore gives a player the connection back that one replaced which did not come about.
func (t *table) restore(a *attachment) {
	delete(t.attached, a.player)
	if a.old == nil {
		return
	}
	t.attached[a.player] = a.old
	a.old.epoch = neverAsked // its messages went to the other one
	t.stale = true           // Redis may believe that it was replaced
}

// start returns where a player's mailbox stood when a connection was made, and whether the connection holds.
func (t *table) start(player, conn string) (seq string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.attached[player]
	if a == nil || a.conn != conn || a.connecting {
		return "", false
	}
	return a.start, true
}

// setData changes the data of a connection.
func (t *table) setData(player, conn, data string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if a := t.attached[player]; a != nil && a.conn == conn {
		a.data = data
	}
}

// detach ends a connection. tell is false if Redis has been told by close.
func (t *table) detach(player, conn string) (ended *connection, tell bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	ended = &connection{Player: player, Conn: conn}
	a := t.attached[player]
	switch {
	case a == nil:
	case a.conn == conn:
		ended.Data = a.data
		if a.old != nil && a.old.conn == conn {
			a.old = nil
		}
		t.restore(a)
	case a.old != nil && a.old.conn == conn:
		ended.Data = a.old.data
		a.old = nil
	}
	if t.closed {
		return ended, false
	}
	t.leaving[conn] = ended
	return ended, true
}

// drop ends a connection of a player who has another one, of which Redis knows.
func (t *table) drop(player, conn string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.attached[player]
	switch {
	case a == nil:
	case a.conn == conn:
		delete(t.attached, player)
	case a.old != nil && a.old.conn == conn:
		a.old = nil
	}
}

// close ends all connections, and refuses others.
func (t *table) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for _, a := range t.attached {
		t.leaving[a.conn] = a.connection()
		if a.old != nil {
			t.leaving[a.old.conn] = a.old.connection()
		}
	}
	clear(t.attached)
}

// untold returns some of the ends that Redis has not been told of.
func (t *table) untold(limit int) []*connection {
	t.mu.Lock()
	defer t.mu.Unlock()
	var some []*connection
	for _, c := range t.leaving {
		if len(some) == limit {
			break
		}
		some = append(some, c)
	}
	return some
}

// told notes that Redis knows of some ends. A connection that has ended once more meanwhile is left.
func (t *table) told(some []*connection) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range some {
		if t.leaving[c.Conn] == c {
			delete(t.leaving, c.Conn)
		}
	}
}

// needsRun says whether Redis must be told of something.
func (t *table) needsRun() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stale || len(t.leaving) > 0
}

// size is how many connections there are.
func (t *table) size() (n int, closed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.attached), t.closed
}

// strangers are those of some players who are not attached.
func (t *table) strangers(players []string) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var others []string
	for _, player := range players {
		if t.attached[player] == nil {
			others = append(others, player)
		}
	}
	return others
}
