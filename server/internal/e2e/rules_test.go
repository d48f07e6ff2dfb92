package e2e_test

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/flags"
)

// An operator changes the rules while players wait; all nodes follow, and the next operator who saw older ones is told.
func TestOperatorsChangeRules(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n, other := start(t, env, guarded()...), start(t, env, guarded()...)
		admin := func(method, path, body string, headers ...string) response {
			return n.call(method, "/v1/admin/rules"+path, body, append(headers, "Authorization", "Bearer "+adminToken)...)
		}
		first := n.want(200, admin("GET", "", ""))
		if first.text("rules.0.pattern") != "*" || first.text("rules.0.rules.interval") != "1h" || first.text("rules.0.source") != "configuration" ||
			first.header.Get("ETag") != `"`+first.text("version")+`"` {
			t.Errorf("at first: %s, %v", first.raw, first.header)
		}
		n.want(201, n.as(apiKey, "POST", "/v1/queues/chess%2Fblitz/tickets", `{"player":"alice","rating":1500}`))
		n.want(201, other.as(apiKey, "POST", "/v1/queues/chess%2Fblitz/tickets", `{"player":"bob","rating":1530}`))
		set := n.want(200, admin("PUT", "/chess*?by=ann", `{"interval":"50ms","rules":[{"type":"distance","max":50}]}`, "If-Match", first.header.Get("ETag")))
		if set.text("by") != "ann" || set.text("source") != "operator" || set.text("rules.rules.0.name") != "rating" {
			t.Errorf("set: %s", set.raw)
		}
		n.want(201, n.as(apiKey, "POST", "/v1/queues/chess%2Fblitz/tickets", `{"player":"carol","rating":9000}`))
		n.want(201, n.as(apiKey, "POST", "/v1/queues/chess%2Fblitz/tickets", `{"player":"dave","rating":-9000}`))
		if got := n.want(200, n.as(adminToken, "GET", "/v1/admin/tickets?player=carol", "")); !strings.Contains(got.text("why"), `"rating"`) {
			t.Errorf("why carol waits: %s", got.raw)
		}
		matchqtest.Eventually(t, "the two are matched by the new rules", func() bool {
			got := other.as(apiKey, "GET", "/v1/queues/chess%2Fblitz", "")
			return got.at("matched_total") == json.Number("1")
		})
		matchqtest.Eventually(t, "the other node says that the rules changed", func() bool { return other.log.has("matchq: the rules changed") })
		got := n.want(412, admin("DELETE", "/chess*", "", "If-Match", first.header.Get("ETag")))
		if got.text("code") != "rules_changed" || !strings.Contains(got.text("detail"), strings.Trim(set.header.Get("ETag"), `"`)) {
			t.Errorf("an older version: %s", got.raw)
		}
		for body, want := range map[string]string{
			`{"size":1}`:                    "size",
			`{"rules":[{"type":"nearby"}]}`: "rules[0].type",
			`{"colour":1}`:                  "colour",
			`{"policy":"mine","source":"return function(batch\n) end end"}`: "line 2",
			`[]`: "object",
		} {
			if got := n.want(422, admin("PUT", "/chess*", body)); !strings.Contains(got.text("detail"), want) {
				t.Errorf("%s: %s", body, got.raw)
			}
		}
		n.want(415, admin("PUT", "/chess*", `{}`, "Content-Type", "text/plain"))
		n.want(404, admin("GET", "/draughts", ""))
		n.want(401, n.call("GET", "/v1/admin/rules", ""))
		n.want(204, admin("DELETE", "/chess*", ""))
		n.want(204, admin("DELETE", "/chess*", ""))
		last := n.want(200, admin("GET", "", ""))
		if last.text("changes.0.pattern") != "chess*" || last.at("changes.0.deleted") != true || last.text("changes.1.by") != "ann" {
			t.Errorf("changes: %s", last.raw)
		}
		if !n.log.has("operator action") {
			t.Error("nothing is logged")
		}
	})
}

// The views of a match and of its tickets tell how it was made: by which rules, or in the words of a policy of one's own,
// and nothing where players are matched in their order.
func TestMatchesTellOfTheirRules(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--interval", "1h")
	for rules, want := range map[string]string{
		`{"rules":[{"name":"skill","type":"distance","max":5,"steps":[{"after":"1ms","value":50}]},{"type":"overlap","attribute":"modes"}]}`: `{"version":"*","gap":30,"applied":` +
			`[{"rule":"skill","gap":30,"limit":50,"widened":45},{"rule":"modes","common":"duel"}]}`,
		`{"policy":"mine","source":"return function() return {{tickets = {1, 2}, region = 'eu'}} end"}`: `{"version":"*","data":{"region":"eu"}}`,
		`{}`: ``,
	} {
		n.want(200, n.call("PUT", "/v1/admin/rules/*", rules))
		first := n.want(201, n.call("POST", "/v1/queues/q/tickets", `{"player":"alice","rating":1500,"attributes":{"modes":["duel"]}}`)).text("id")
		n.want(201, n.call("POST", "/v1/queues/q/tickets", `{"player":"bob","rating":1530,"attributes":{"modes":["duel"]}}`))
		matchqtest.Eventually(t, "the limit has grown", func() bool {
			_, err := n.matcher.Tick(t.Context(), "q")
			return err == nil && n.stats().Waiting == 0
		})
		ticket := n.want(200, n.call("GET", "/v1/tickets/"+first, ""))
		match := n.want(200, n.call("GET", "/v1/matches/"+ticket.text("match.id"), ""))
		stream := n.call("GET", "/v1/tickets/"+first+"/events", "")
		for _, told := range []any{ticket.at("match.rules"), match.at("rules")} {
			if want == "" {
				if told != nil || strings.Contains(stream.raw, `"rules"`) {
					t.Errorf("%s: %v", rules, told)
				}
			} else if problem := (&matcher{exact: true}).diff(decode(t, want), told); problem != "" {
				t.Errorf("%s: %s", rules, problem)
			} else if !strings.Contains(stream.raw, `"rules":{"version":"`) {
				t.Errorf("%s: the stream has %s", rules, stream.raw)
			}
		}
	}
}

// The state of a queue says that its own policy failed.
func TestQueuesTellOfAFailedPolicy(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--interval", "1h")
	n.want(200, n.call("PUT", "/v1/admin/rules/*", `{"interval":"1h","policy":"mine","source":"return function() return {7} end"}`))
	for _, player := range []string{"alice", "bob", "carol"} {
		n.want(201, n.call("POST", "/v1/queues/q/tickets", `{"player":"`+player+`"}`))
	}
	if queue := n.want(200, n.call("GET", "/v1/queues/q", "")); queue.at("policy_failed") != nil {
		t.Errorf("%s", queue.raw)
	}
	if _, err := n.matcher.Tick(t.Context(), "q"); err == nil {
		t.Error("the policy does not fail")
	}
	if queue := n.want(200, n.call("GET", "/v1/queues/q", "")); queue.at("policy_failed") != true {
		t.Errorf("%s", queue.raw)
	}
}

// parsed are the flags of a command line.
func parsed(args ...string) (*flags.Flags, error) {
	return flags.Parse(args, io.Discard, io.Discard, nil)
}

// A file of rules is stored when the server starts; a wrong one says where.
func TestRulesFromAFile(t *testing.T) {
	t.Parallel()
	env := matchqtest.Embedded(t)
	file := filepath.Join(t.TempDir(), "rules.json")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"c*":{"size":3},"chess*":{"interval":"2s","ready_timeout":"10s"}}`)
	n := start(t, env, "--rules", file)
	got := n.want(200, n.call("GET", "/v1/admin/rules", ""))
	if got.text("rules.2.pattern") != "chess*" || got.text("rules.2.rules.ready_timeout") != "10s" || got.at("rules.1.rules.size") != json.Number("3") {
		t.Errorf("%s", got.raw)
	}
	for text, want := range map[string]string{
		`{"*":{"size":1}}`: "*: size: must be",
		`{"*":{"rules":[{"type":"distance","max":50,"expand":{"by":1,"every":"1s","to":9}}]}}`: "rules[0].expand.to",
		`{"":{}}`:                           "pattern",
		`[`:                                 "JSON object",
		`{"*":{"size":2}} {"*":{"size":3}}`: "JSON object",
	} {
		write(text)
		if _, err := parsed("--rules", file); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--rules") {
			t.Errorf("%s: %v", text, err)
		}
	}
	write(`{"*":{"size":3}}`)
	if _, err := parsed("--rules", file, "--interval", "1s"); err == nil || !strings.Contains(err.Error(), "--interval") {
		t.Errorf("a flag beside a file that says *: %v", err)
	}
	if _, err := parsed("--rules", file+".none"); err == nil || !strings.Contains(err.Error(), "--rules") {
		t.Errorf("no file: %v", err)
	}
}
