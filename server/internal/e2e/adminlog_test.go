package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// All operators see the actions on any node, with their operators; refused ones, too.
func TestOperatorsActionsAreKept(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }))
		t.Cleanup(receiver.Close)
		n := start(t, env, guarded("--webhook", receiver.URL+"/hook", "--webhook-secret", "a secret of the tests")...)
		other := n
		if env.Embedded == nil {
			other = start(t, env, guarded()...)
		}
		admin := func(n *testNode, method, path, body string) response {
			return n.as(adminToken, method, "/v1/admin"+path, body)
		}
		n.want(201, n.as(apiKey, "POST", "/v1/queues/quiz/tickets", `{"player":"alice"}`))
		got := n.want(200, admin(other, "GET", "/queues/quiz/tickets", ""))
		if got.text("tickets.0.player") != "alice" || got.at("queue.waiting") != json.Number("1") {
			t.Errorf("the line: %s", got.raw)
		}
		alice := got.text("tickets.0.id")
		n.want(200, admin(n, "POST", "/queues/quiz/pause?by=ann", ""))
		cancelled := n.want(200, admin(other, "POST", "/tickets/"+alice+"/cancel?by=bob", ""))
		if cancelled.text("state") != "cancelled" || cancelled.text("reason") != "operator" {
			t.Errorf("cancelled: %s", cancelled.raw)
		}
		n.want(404, admin(n, "POST", "/tickets/nothing/cancel", ""))
		n.want(200, admin(n, "POST", "/queues/quiz/resume", ""))
		n.want(422, admin(n, "POST", "/queues/quiz/drain?by=%00", ""))
		n.want(200, admin(n, "PUT", "/rules/quiz?by=ann", `{"size":2,"interval":"50ms"}`))
		n.want(200, admin(n, "PUT", "/rules/quiz?by=ann&dry_run=true", `{"size":3}`)) // changes nothing
		n.want(201, n.as(apiKey, "POST", "/v1/queues/quiz/tickets", `{"player":"carol"}`))
		made := n.want(201, n.as(apiKey, "POST", "/v1/queues/quiz/tickets", `{"player":"dora"}`)).text("id")
		var match string
		matchqtest.Eventually(t, "they are matched", func() bool {
			match = n.as(apiKey, "GET", "/v1/tickets/"+made, "").text("match.id")
			return match != ""
		})
		if got := n.want(200, admin(n, "GET", "/matches/"+match, "")); got.text("players.0.player") != "carol" {
			t.Errorf("the match: %s", got.raw)
		}
		n.want(404, admin(n, "GET", "/matches/nothing", ""))
		n.want(409, admin(n, "POST", "/tickets/"+made+"/cancel", ""))

		var hook, letter string
		matchqtest.Eventually(t, "a dead letter", func() bool {
			got := admin(n, "GET", "/webhooks", "")
			hook, letter = got.text("webhooks.0.id"), got.text("webhooks.0.dead_letters.0.id")
			return letter != ""
		})
		n.want(200, admin(n, "POST", "/webhooks/"+hook+"/remove?by=eve", `{"ids":["`+letter+`"]}`))
		n.want(204, admin(n, "DELETE", "/rules/quiz?by=ann", ""))
		n.want(200, admin(n, "POST", "/queues/quiz/drain?by=ann", ""))

		got = other.want(200, admin(other, "GET", "/log", ""))
		want := [][4]string{
			{"drain", "quiz", "ann", ""}, {"delete_rules", "quiz", "ann", ""}, {"remove_dead_letters", hook, "eve", ""},
			{"cancel_ticket", made, "token", "already_matched"}, {"set_rules", "quiz", "ann", ""}, {"resume", "quiz", "token", ""},
			{"cancel_ticket", "nothing", "token", "not_found"}, {"cancel_ticket", alice, "bob", ""}, {"pause", "quiz", "ann", ""},
		}
		list, _ := got.at("actions").([]any)
		if len(list) != len(want) {
			t.Fatalf("%d actions: %s", len(list), got.raw)
		}
		for i, row := range list {
			a := object(row.(map[string]any))
			if has := [4]string{a.text("action"), a.text("target"), a.text("by"), a.text("result")}; has != want[i] || a.text("proof") != "token" || a.text("at") == "" {
				t.Errorf("action %d is %v, not %v", i, a, want[i])
			}
		}
		n.want(401, n.as(apiKey, "GET", "/v1/admin/log", ""))
	})
}
