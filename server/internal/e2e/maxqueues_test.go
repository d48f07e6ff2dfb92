package e2e_test

import (
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// Only the API key makes more queues than there may be, by HTTP and by socket. Those that live stay open to all.
func TestMaxQueues(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded("--max-queues", "2")...)
	alice, bob, carol := tokenOf(t, "alice"), tokenOf(t, "bob"), tokenOf(t, "carol")
	n.want(201, n.as(alice, "POST", "/v1/queues/one/tickets", `{}`, "Idempotency-Key", "k"))
	n.want(201, n.as(bob, "POST", "/v1/queues/two/tickets", `{}`))
	if got := n.want(422, n.as(carol, "POST", "/v1/queues/three/tickets", `{}`)); got.text("code") != "too_many_queues" {
		t.Errorf("got %s", got.raw)
	}
	s := n.dialAs(carol)
	s.send(`{"event":"create_general_game_match","data":{"questionaireId":"three"}}`)
	if f := s.expect("error"); f.text("data.code") != "too_many_queues" {
		t.Errorf("got %v", f)
	}
	n.want(201, n.as(carol, "POST", "/v1/queues/two/tickets", `{}`))
	n.want(201, n.as(apiKey, "POST", "/v1/queues/three/tickets", `{"player":"dave"}`))
	n.want(201, n.as(alice, "POST", "/v1/queues/one/tickets", `{}`, "Idempotency-Key", "k")) // a retry
}
