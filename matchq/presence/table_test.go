package presence

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// deck is a table with an adjustable clock, and the messages it has delivered.
type deck struct {
	*table

	clock time.Time
	heard []string // "<conn> <seq>"
}

func newDeck() *deck {
	d := &deck{clock: time.Unix(1_700_000_000, 0)}
	d.table = newTable(time.Minute, func() time.Time { return d.clock }, func(msg Message) {
		d.heard = append(d.heard, msg.Conn+" "+msg.Seq)
	})
	return d
}

// begin begins to connect alice.
func (d *deck) begin(t *testing.T, conn string) *attachment {
	t.Helper()
	a, err := d.attach("alice", conn, "data of "+conn)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// connect connects alice; the newest seq of her mailbox is "10-0".
func (d *deck) connect(t *testing.T, conn string) *attachment {
	t.Helper()
	a := d.begin(t, conn)
	d.connected(a, "10-0")
	return a
}

// comes delivers messages to alice through the channel.
func (d *deck) comes(seqs ...string) {
	for _, seq := range seqs {
		d.hear(&Message{Player: "alice", Seq: seq})
	}
}

func stored(seqs ...string) []Message {
	messages := make([]Message, len(seqs))
	for i, seq := range seqs {
		messages[i] = Message{Player: "alice", Seq: seq}
	}
	return messages
}

func (d *deck) check(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(d.heard, want) {
		t.Errorf("heard %q, want %q", d.heard, want)
	}
}

// ends returns the ended connections that Redis does not know of yet.
func (d *deck) ends() string {
	var ends []string
	for _, c := range d.untold(100) {
		ends = append(ends, c.Conn+" "+c.Data)
	}
	slices.Sort(ends)
	return strings.Join(ends, ", ")
}

func TestTableMessages(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(t *testing.T, d *deck)
		want []string
	}{
		"of another player": {func(t *testing.T, d *deck) {
			d.connect(t, "a1")
			d.hear(&Message{Player: "bob", Seq: "11-0"})
		}, nil},
		"once each, in order": {func(t *testing.T, d *deck) {
			d.connect(t, "a1")
			d.comes("9-0", "10-0", "11-0", "11-0", "11-1", "9-0", "100-0", "99-0")
		}, []string{"a1 11-0", "a1 11-1", "a1 100-0"}},
		"those that come while connecting": {func(t *testing.T, d *deck) {
			a := d.begin(t, "a1")
			d.comes("10-0", "11-0")
			d.connected(a, "10-0")
		}, []string{"a1 11-0"}},
		"those that come during a sync come after the missed": {func(t *testing.T, d *deck) {
			a := d.connect(t, "a1")
			d.markMissed()
			d.buffer(d.beginSync(time.Hour))
			d.comes("13-0", "14-0")
			d.resynced(a, stored("11-0", "12-0", "13-0"))
		}, []string{"a1 11-0", "a1 12-0", "a1 13-0", "a1 14-0"}},
		"nothing is handed over before what was missed": {func(t *testing.T, d *deck) {
			a := d.connect(t, "a1")
			d.markMissed()
			d.comes("12-0") // before the sync, or after one that failed
			d.buffer(d.beginSync(time.Hour))
			d.giveUp([]*attachment{a})
			d.comes("13-0")
			d.buffer(d.beginSync(time.Hour))
			d.resynced(a, stored("11-0", "12-0", "13-0"))
			d.comes("14-0")
		}, []string{"a1 11-0", "a1 12-0", "a1 13-0", "a1 14-0"}},
		"a buffer that is full is read again": {func(t *testing.T, d *deck) {
			a := d.connect(t, "a1")
			d.markStale()
			d.buffer(d.beginSync(time.Hour))
			for i := range MailboxSize + 2 {
				d.comes(fmt.Sprintf("%d-0", 11+i))
			}
			d.resynced(a, nil)
			if !d.needsRun() {
				t.Error("no other sync follows")
			}
			d.comes("999-0")
		}, nil},
		"a clock that was set back, in a mailbox that is gone": {func(t *testing.T, d *deck) {
			d.connect(t, "a1")
			d.comes("5-0")
			d.clock = d.clock.Add(time.Minute)
			d.comes("6-0", "5-0")
		}, []string{"a1 6-0"}},
		"a connection that ended": {func(t *testing.T, d *deck) {
			d.connect(t, "a1")
			d.detach("alice", "a1")
			d.comes("11-0")
		}, nil},
		"a connection that was replaced here": {func(t *testing.T, d *deck) {
			d.connect(t, "a1")
			a := d.begin(t, "a2")
			d.comes("11-0", "12-0")
			if replaced := d.connected(a, "11-0"); replaced != "a1" {
				t.Errorf("replaced %q", replaced)
			}
		}, []string{"a2 12-0"}},
		"a connection that was replaced elsewhere": {func(t *testing.T, d *deck) {
			a := d.connect(t, "a1")
			d.buffer([]*attachment{a})
			d.comes("11-0")
			d.drop("alice", "a1")
			d.comes("12-0")
			d.resynced(a, stored("11-0"))
		}, nil},
		"a connection whose replacement failed": {func(t *testing.T, d *deck) {
			a := d.connect(t, "a1")
			b := d.begin(t, "a2")
			d.comes("11-0")
			d.abort(b)
			d.comes("12-0")
			d.buffer(d.beginSync(time.Hour))
			d.resynced(a, stored("11-0", "12-0"))
		}, []string{"a1 11-0", "a1 12-0"}},
		"a connection whose replacement ended": {func(t *testing.T, d *deck) {
			a := d.connect(t, "a1")
			b := d.begin(t, "a2")
			d.detach("alice", "a2")
			if replaced := d.connected(b, "10-0"); replaced != "" {
				t.Errorf("replaced %q", replaced)
			}
			d.comes("11-0")
			d.buffer(d.beginSync(time.Hour))
			d.resynced(a, stored("11-0"))
		}, []string{"a1 11-0"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDeck()
			c.do(t, d)
			d.check(t, c.want...)
		})
	}
}

func TestTableEnds(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(t *testing.T, d *deck)
		want string
	}{
		"a connection ends, with new data": {func(t *testing.T, d *deck) {
			d.connect(t, "a1")
			d.setData("alice", "a1", "new")
			d.setData("alice", "other", "not hers")
			d.detach("alice", "a1")
		}, "a1 new"},
		"an unknown connection ends": {func(_ *testing.T, d *deck) { d.detach("alice", "a0") }, "a0 "},
		"a connect fails": {func(t *testing.T, d *deck) {
			d.abort(d.begin(t, "a1"))
		}, "a1 data of a1"},
		"a connect that is repeated fails": {func(t *testing.T, d *deck) {
			d.connect(t, "a1")
			d.abort(d.begin(t, "a1"))
			if n, _ := d.size(); n != 1 {
				t.Error("the connection does not hold")
			}
		}, ""},
		"a connect succeeds after it failed": {func(t *testing.T, d *deck) {
			d.abort(d.begin(t, "a1"))
			d.connect(t, "a1")
			if !d.needsRun() {
				t.Error("redis may regard it as ended")
			}
		}, ""},
		"a connection ends while connecting": {func(t *testing.T, d *deck) {
			a := d.begin(t, "a1")
			ended, _ := d.detach("alice", "a1")
			d.told([]*connection{ended})
			d.connected(a, "")
		}, "a1 data of a1"},
		"a connection ends while its end is told": {func(t *testing.T, d *deck) {
			a := d.begin(t, "a1")
			ended, _ := d.detach("alice", "a1")
			d.connected(a, "")
			d.told([]*connection{ended})
		}, "a1 data of a1"},
		"a connection ends during a sync": {func(t *testing.T, d *deck) {
			a := d.connect(t, "a1")
			d.buffer([]*attachment{a})
			ended, _ := d.detach("alice", "a1")
			d.told([]*connection{ended})
			d.resynced(a, nil)
		}, "a1 data of a1"},
		"the old connection ends during a connect": {func(t *testing.T, d *deck) {
			d.connect(t, "a1")
			b := d.begin(t, "a2")
			d.detach("alice", "a1")
			d.abort(b)
		}, "a1 data of a1, a2 data of a2"},
		"the node is shut down": {func(t *testing.T, d *deck) {
			d.connect(t, "a1")
			d.begin(t, "a2")
			d.close()
			if _, tell := d.detach("alice", "a1"); tell {
				t.Error("an end is reported twice")
			}
			if _, err := d.attach("bob", "b1", ""); !errors.Is(err, ErrClosed) {
				t.Error(err)
			}
		}, "a1 data of a1, a2 data of a2"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDeck()
			c.do(t, d)
			if got := d.ends(); got != c.want {
				t.Errorf("redis is to be told %q, want %q", got, c.want)
			}
		})
	}
}

func TestTableSync(t *testing.T) {
	d := newDeck()
	a := d.connect(t, "a1")
	if got := d.beginSync(time.Minute); got != nil {
		t.Errorf("nothing is stale, but %d are synced", len(got))
	}
	d.clock = d.clock.Add(time.Minute + 1)
	if got := d.beginSync(time.Minute); len(got) != 1 || got[0] != a {
		t.Errorf("after a minute %d are synced", len(got))
	}
	d.markStale()
	b, err := d.attach("bob", "b1", "")
	if err != nil {
		t.Fatal(err)
	}
	if got := d.beginSync(time.Minute); len(got) != 1 || got[0] != a {
		t.Errorf("%d are synced of one connected and one connecting", len(got))
	}
	d.connected(b, "")
	if got := d.strangers([]string{"alice", "bob", "carol"}); !slices.Equal(got, []string{"carol"}) {
		t.Errorf("strangers: %v", got)
	}
	a.lastAt = d.clock
	for newest, missed := range map[string]bool{"": false, "10-0": false, "9-0": false, "11-0": true} {
		if after, ok := d.missed(a, newest); ok != missed || ok && after != "10-0" {
			t.Errorf("newest %q: after %q, %v", newest, after, ok)
		}
	}
	d.clock = d.clock.Add(time.Minute)
	if after, ok := d.missed(a, "9-0"); !ok || after != "" {
		t.Errorf("of a mailbox that is gone: after %q, %v", after, ok)
	}
}
