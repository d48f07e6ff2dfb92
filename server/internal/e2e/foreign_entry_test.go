package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// Another program has written to the events of the namespace: players still hear of their matches in every way, webhooks
// are posted, the dashboard goes on, and operators see how many entries were skipped.
func TestAForeignEntryHoldsUpNobody(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		rc := newReceiver(t, func(string, int, http.ResponseWriter, *http.Request) {})
		n := startHooked(t, env, rc.URL+"/hook")
		for _, fields := range [][]string{{"temperature", "21"}, {"kind", "matched", "size", "2"}} {
			if err := env.Client.XAdd(t.Context(), &redis.XAddArgs{Stream: "{" + env.Namespace + "}:events", Values: fields}).Err(); err != nil {
				t.Fatal(err)
			}
		}
		id, _ := n.pair("p") // by a long poll
		matchqtest.Eventually(t, "the match is posted", func() bool { return len(rc.at("/hook")) == 1 })
		got := n.want(200, n.as(adminToken, "GET", "/v1/admin/webhooks", ""))
		if !strings.Contains(got.raw, `"unreadable":2`) {
			t.Errorf("operators see %s", got.raw)
		}
		recent := n.want(200, n.as(adminToken, "GET", "/v1/admin/queues/history/tickets", ""))
		if !strings.Contains(recent.raw, id) {
			t.Errorf("the match %s is not among the recent ones: %s", id, recent.raw)
		}
	})
}
