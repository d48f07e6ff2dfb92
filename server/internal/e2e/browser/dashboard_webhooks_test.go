package browser_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// Operators see the dead letters of webhooks, post them again and remove them; others see none.
func TestDashboardWebhooks(t *testing.T) {
	t.Parallel()
	var posted atomic.Int32
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		posted.Add(1)
		w.WriteHeader(http.StatusGone)
	}))
	defer receiver.Close()
	s := serve(t, matchqtest.Embedded(t), "--interval", "0", "--webhook", receiver.URL+"/hook?key=hidden", "--webhook-secret", "a secret of the tests")
	s.queue("history", "alice", "bob")
	matchqtest.Eventually(t, "it is posted", func() bool { return posted.Load() == 1 })
	p := s.dashboard()
	p.sees("#webhooks-list", receiver.URL+"/hook 0 on their way, 0 done, 1 dead")
	p.sees("#webhooks-list", "after 1 delivery: answered 410")
	p.click(`#webhooks-list button[aria-label^="Post again"]`)
	p.sees("#news", "is posted again")
	matchqtest.Eventually(t, "it is posted again", func() bool { return posted.Load() == 2 })
	p.sees("#webhooks-list", "1 dead")
	p.click(`#webhooks-list button[aria-label^="Remove"]`)
	p.sees("#news", "was removed")
	p.sees("#webhooks-list", "0 dead")
}
