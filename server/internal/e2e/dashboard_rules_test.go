package e2e_test

import (
	"slices"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// The dashboard's stream says by which rules each queue is matched, follows their changes, and names the version that made a
// match. It shows the rules of patterns that no live queue has to nobody.
func TestDashboardFollowsRules(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--interval", "1h")
	n.want(200, n.call("PUT", "/v1/admin/rules/secret*", `{"size":9}`))
	n.post("chess-1", `"alice"`)
	f := n.feed()
	known := f.snapshot()
	f.until(known, func() bool { return known.at("rules.patterns.0.pattern") == "*" })
	if len(known.at("rules.patterns").([]any)) != 1 {
		t.Errorf("rules: %v", known.at("rules"))
	}
	n.want(200, n.call("PUT", "/v1/admin/rules/chess*", `{"interval":"2h","size":3,"ready_timeout":"10s","rules":[{"type":"distance","max":50}]}`))
	f.until(known, func() bool {
		list, _ := known.at("queues.set").([]any)
		return known.at("rules.patterns.1.pattern") == "chess*" && slices.ContainsFunc(list, func(q any) bool {
			return object(q.(map[string]any)).at("name") == "chess-1" && object(q.(map[string]any)).at("pattern") == "chess*"
		})
	})
	chess := object(known.at("rules.patterns.1").(map[string]any))
	if chess.at("interval_ms") != 7200000.0 || chess.at("size") != 3.0 || chess.at("ready_timeout_ms") != 10000.0 ||
		chess.at("policy") != "rules" || chess.at("rules") != 1.0 || chess.at("unreadable") != false {
		t.Errorf("the rules of chess*: %v", chess)
	}
	n.want(200, n.call("PUT", "/v1/admin/rules/*", `{"interval":"50ms","size":4}`))
	f.until(known, func() bool { return known.at("config.match_size") == 4.0 && known.at("config.interval_ms") == 50.0 })
	set := n.want(200, n.call("PUT", "/v1/admin/rules/chess*", `{"interval":"50ms","size":2}`))
	n.post("chess-1", `"bob"`)
	f.until(known, func() bool { return known.at("matches.0.queue") == "chess-1" })
	if `"`+known.text("matches.0.rules")+`"` != set.header.Get("ETag") {
		t.Errorf("the match was made by %v, not by %s", known.at("matches.0"), set.header.Get("ETag"))
	}
}
