package matchq_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// TicketsOf finds the same as TicketOf, in one call to Redis for each 128 players, though of a ticket that does not wait only
// how it stands.
func TestTicketsOf(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{ReadyTimeout: time.Hour})
		enqueueAndCancel(t, m, "cancelled")
		enqueue(t, m, "pair", "alice")
		enqueue(t, m, "pair", "bob")
		if _, err := m.Tick(t.Context(), "pair"); err != nil {
			t.Fatal(err)
		}
		players := []string{"cancelled", "nobody", "alice", "", "bob"}
		const waiting = 200
		for i := range waiting {
			players = append(players, enqueue(t, m, "q", fmt.Sprint("waits-", i)).Player)
		}
		if _, err := m.TicketsOf(t.Context(), "nobody"); err != nil { // makes the script known
			t.Fatal(err)
		}
		trips := &tripCounter{}
		env.Client.AddHook(trips)
		got, err := m.TicketsOf(t.Context(), players...)
		if err != nil || len(got) != len(players) {
			t.Fatalf("%d results: %v", len(got), err)
		}
		if n := trips.take(); n != 2 {
			t.Errorf("%d round trips", n)
		}
		for i, player := range players {
			want, wantErr := m.TicketOf(t.Context(), player)
			if want.State != matchq.Waiting {
				want = matchq.Ticket{ID: want.ID, Player: want.Player, State: want.State}
			}
			got[i].Ticket.Waited, want.Waited = 0, 0
			if !errors.Is(got[i].Err, wantErr) || !reflect.DeepEqual(got[i].Ticket, want) {
				t.Errorf("%q: %+v, want %+v, %v", player, got[i], want, wantErr)
			}
		}
		if got, err := m.TicketsOf(t.Context()); err != nil || len(got) != 0 {
			t.Errorf("of none: %v, %v", got, err)
		}
	})
}
