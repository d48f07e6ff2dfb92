package sessions_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matchq/matchq/server/internal/fault"
	"github.com/matchq/matchq/server/internal/identity"
	"github.com/matchq/matchq/server/internal/ids"
	"github.com/matchq/matchq/server/internal/sessions"
)

const grace = 5 * time.Second

// recorder is a transport that remembers.
type recorder struct {
	sent   []string
	closed int
}

func (r *recorder) Send(event string, data json.RawMessage) {
	r.sent = append(r.sent, event+string(data))
}
func (r *recorder) Push(event, _ string, data json.RawMessage) { r.Send(event, data) }
func (r *recorder) Close(code int, _ string)                   { r.closed = code }

// desk is an index and the tickets it gave up.
type desk struct {
	*sessions.Index
	mu    sync.Mutex
	gone  []string
	fails int // so many times
}

func newDesk() *desk {
	d := &desk{}
	d.Index = sessions.NewIndex(grace, func(_ context.Context, ticketID string) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.gone = append(d.gone, ticketID)
		if d.fails > 0 {
			d.fails--
			return errors.New("redis is away")
		}
		return nil
	})
	return d
}

func (d *desk) connect(t *testing.T, player string) (*sessions.Session, *recorder) {
	t.Helper()
	r := &recorder{}
	s := d.Open("sid", "127.0.0.1", identity.Identity{}, r)
	if err := d.Bind(s, ids.ID{Name: player}); err != nil {
		t.Fatal(err)
	}
	return s, r
}

func TestPushesWaitForTheAnswer(t *testing.T) {
	d := newDesk()
	s, r := d.connect(t, "alice")
	s.Begin()
	s.Push("t1", "match_status", json.RawMessage("1"))
	s.Push("t2", "match_status", json.RawMessage("2"))
	s.Send("answer", nil)
	s.Told("t1")
	s.End()
	s.Push("t2", "match_status", json.RawMessage("again"))
	s.Push("t3", "match_status", json.RawMessage("3"))
	if want := []string{"answer", "match_status2", "match_status3"}; !slices.Equal(r.sent, want) {
		t.Errorf("sent %v, want %v", r.sent, want)
	}
}

func TestGrace(t *testing.T) {
	for name, c := range map[string]struct {
		then func(t *testing.T, d *desk, s *sessions.Session)
		gone []string
	}{
		"stays away": {func(t *testing.T, d *desk, _ *sessions.Session) { time.Sleep(grace) }, []string{"t1"}},
		"not yet":    {func(t *testing.T, d *desk, _ *sessions.Session) { time.Sleep(grace - 1) }, nil},
		"comes back": {func(t *testing.T, d *desk, _ *sessions.Session) {
			time.Sleep(grace - 1)
			d.connect(t, "alice")
			time.Sleep(time.Hour)
		}, nil},
		"comes back and leaves": {func(t *testing.T, d *desk, _ *sessions.Session) {
			time.Sleep(grace - 1)
			s, _ := d.connect(t, "alice")
			time.Sleep(time.Hour)
			d.Leave(s)
			time.Sleep(grace)
		}, []string{"t1"}},
		"is matched meanwhile": {func(t *testing.T, d *desk, _ *sessions.Session) {
			d.Ended("alice", "t1")
			time.Sleep(time.Hour)
		}, nil},
		"redis is away": {func(t *testing.T, d *desk, _ *sessions.Session) {
			d.mu.Lock()
			d.fails = 2
			d.mu.Unlock()
			time.Sleep(grace + 2*time.Second)
		}, []string{"t1", "t1", "t1"}},
		"ticket comes late": {func(t *testing.T, d *desk, _ *sessions.Session) {
			time.Sleep(time.Hour)
			d.Queued("alice", "t2")
			time.Sleep(time.Hour)
		}, []string{"t1", "t2"}},
		"server stops": {func(t *testing.T, d *desk, _ *sessions.Session) {
			d.Close()
			time.Sleep(time.Hour)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk()
				s, _ := d.connect(t, "alice")
				d.Queued("alice", "t1")
				d.Leave(s)
				defer d.Close()
				c.then(t, d, s)
				synctest.Wait()
				d.mu.Lock()
				defer d.mu.Unlock()
				if !slices.Equal(d.gone, c.gone) {
					t.Errorf("gave up %v, want %v", d.gone, c.gone)
				}
			})
		})
	}
}

func TestReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		first, r := d.connect(t, "alice")
		d.Queued("alice", "t1")
		second, _ := d.connect(t, "alice")
		if r.closed != sessions.CloseReplaced {
			t.Errorf("closed with %d", r.closed)
		}
		d.Leave(first)
		time.Sleep(time.Hour)
		if len(d.gone) > 0 {
			t.Errorf("gave up %v although the player is there", d.gone)
		}
		var f *fault.Fault
		if err := d.Bind(first, ids.ID{Name: "alice"}); !errors.As(err, &f) || f.Code != fault.Replaced {
			t.Errorf("the first one may go on: %v", err)
		}
		if err := d.Bind(second, ids.ID{Name: "bob"}); !errors.As(err, &f) || f.Code != fault.Forbidden {
			t.Errorf("the second one may be another's: %v", err)
		}
		if d.Ended("alice", "t1") != second {
			t.Error("the second one is not told")
		}
		d.Close()
	})
}

// What a client heard before it took its leave need not be told again, but what it may have missed must.
func TestWhatTheNextConnectionKnows(t *testing.T) {
	for _, bye := range []bool{true, false} {
		d := newDesk()
		s, _ := d.connect(t, "alice")
		s.Push("t1", "match_status", nil)
		if bye {
			s.Bye()
			s.Push("t2", "match_status", nil)
		}
		d.Leave(s)
		next, _ := d.connect(t, "alice")
		if next.Knows("t1") != bye || next.Knows("t2") {
			t.Errorf("after bye=%v: knows t1: %v, t2: %v", bye, next.Knows("t1"), next.Knows("t2"))
		}
		d.Close()
	}
}
