package sender

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/internal/space"
)

// sent is a call of Send that the test lets return.
type sent struct {
	players []string
	done    chan error
}

// stage is a Sender whose calls the test sees.
func stage(t *testing.T, youth time.Duration) (*Sender[string, string], <-chan sent) {
	t.Helper()
	calls := make(chan sent, 10)
	s := New(Config[string, string]{
		Space: &space.Space{}, Limit: 10, Room: 10,
		Send: func(_ context.Context, batch []*Pending[string, string], answers []string) error {
			call := sent{done: make(chan error)}
			for i, p := range batch {
				call.players = append(call.players, p.Row)
				answers[i] = "hello " + p.Row
			}
			slices.Sort(call.players)
			calls <- call
			return <-call.done
		},
		Sent:    func([]*Pending[string, string], []string) {},
		Failed:  func(err error) string { return "failed: " + err.Error() },
		Unknown: func(err error) string { return "unknown: " + err.Error() },
	})
	s.youth = youth
	return s, calls
}

func add(s *Sender[string, string], player string) *Pending[string, string] {
	return s.Add(context.Background(), player, Key{Queue: "quiz", Player: player})
}

// Two batches are under way, of different players; all that comes meanwhile goes together when one lands.
func TestTwoBatchesAreUnderWay(t *testing.T) {
	s, calls := stage(t, time.Hour)
	both := map[string]sent{}
	alice := add(s, "alice")
	both["alice"] = <-calls
	bob := add(s, "bob")
	both["bob"] = <-calls
	carol, dave, again := add(s, "carol"), add(s, "dave"), add(s, "alice")
	both["bob"].done <- nil
	third := <-calls
	if !slices.Equal(third.players, []string{"carol", "dave"}) { // not alice: a row of hers is under way
		t.Errorf("the third batch has %v", third.players)
	}
	both["alice"].done <- nil
	fourth := <-calls
	if !slices.Equal(fourth.players, []string{"alice"}) {
		t.Errorf("the fourth batch has %v", fourth.players)
	}
	fourth.done <- nil
	third.done <- nil
	for _, p := range []*Pending[string, string]{alice, bob, carol, dave, again} {
		answer, sent, err := s.Await(t.Context(), 0, p)
		if answer != "hello "+p.Row || !sent || err != nil {
			t.Errorf("%s: %q, %v, %v", p.Row, answer, sent, err)
		}
	}
}

// A batch that takes long has none beside it: a later caller can take its row back.
func TestNoBatchLeavesBesideAnOldOne(t *testing.T) {
	s, calls := stage(t, 0)
	alice := add(s, "alice")
	first := <-calls
	bob, carol := add(s, "bob"), add(s, "carol")
	if _, sent, err := s.Await(t.Context(), time.Nanosecond, bob); sent || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("bob: sent %v, %v", sent, err)
	}
	if _, sent, err := s.Await(t.Context(), time.Nanosecond, alice); !sent || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("alice: sent %v, %v", sent, err)
	}
	first.done <- nil
	second := <-calls
	if !slices.Equal(second.players, []string{"carol"}) {
		t.Errorf("the second batch has %v", second.players)
	}
	second.done <- nil
	if answer, _, err := s.Await(t.Context(), 0, carol); answer != "hello carol" || err != nil {
		t.Errorf("carol: %q, %v", answer, err)
	}
}

// Rows over the room are refused. Those that were taken back make room, and don't pile up.
func TestRoomForRows(t *testing.T) {
	s, calls := stage(t, 0)
	alice := add(s, "alice")
	first := <-calls
	for round := range 100 {
		var rows []*Pending[string, string]
		for i := range 10 {
			rows = append(rows, add(s, fmt.Sprint("player-", i)))
		}
		if add(s, "late") != nil || s.AddAll(t.Context(), []string{"late"}, []Key{{Queue: "quiz", Player: "late"}}) != nil {
			t.Fatalf("round %d: a row over the room was taken", round)
		}
		for _, p := range rows {
			if _, sent, err := s.Await(t.Context(), time.Nanosecond, p); sent || err == nil {
				t.Fatalf("sent %v, %v", sent, err)
			}
		}
		if n := len(s.waiting.rows) + len(s.waiting.round); n > 30 {
			t.Fatalf("round %d: %d rows stand in the lines", round, n)
		}
	}
	many := s.AddAll(t.Context(), make([]string, 50), make([]Key, 50)) // together, or not at all
	if len(many) != 50 {
		t.Errorf("%d rows of a call were taken", len(many))
	}
	first.done <- nil
	if answer, _, err := s.Await(t.Context(), 0, alice); answer != "hello alice" || err != nil {
		t.Errorf("alice: %q, %v", answer, err)
	}
}
