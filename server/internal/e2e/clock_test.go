package e2e_test

import (
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// Redis's clock and the node's differ. Players who come back within the grace hear of the match they missed, and those
// who come back later are not answered with it.
func TestRedisHasAnotherTime(t *testing.T) {
	t.Parallel()
	for _, differ := range []time.Duration{-time.Hour, -30 * time.Second, 30 * time.Second, time.Hour} {
		t.Run(differ.String(), func(t *testing.T) {
			t.Parallel()
			env := matchqtest.Embedded(t)
			now := time.Now().Add(differ)
			env.Embedded.SetTime(now)
			n := start(t, env, "--interval", "0", "--grace", "5s", "--rate-limit", "off")
			s := n.dial()
			id := s.create(`"q"`, `"alice"`)
			_ = s.conn.Close()
			n.post("q", `"bob"`)
			match := n.wait(id).text("match.id")
			again := n.dial()
			again.send(`{"event":"connection_queue","data":{"userId":"alice"},"id":1}`)
			if f := again.status("MATCHED"); f.text("data.matchId") != match || match == "" {
				t.Errorf("got %v, want match %s", f, match)
			}
			again.expect("ack")
			_ = again.conn.Close()

			env.Embedded.SetTime(now.Add(6 * time.Second))
			later := n.dial()
			later.create(`"other"`, `"alice"`)
		})
	}
}
