package e2e_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// A dry run answers as the change would, says which live queues it concerns, and changes nothing.
func TestOperatorsTryRules(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded()...)
	admin := func(method, path, body string, headers ...string) response {
		return n.call(method, "/v1/admin/rules"+path, body, append(headers, "Authorization", "Bearer "+adminToken)...)
	}
	for _, queue := range []string{"chess-1", "chess-2", "history"} {
		n.want(201, n.as(apiKey, "POST", "/v1/queues/"+queue+"/tickets", `{"player":"in-`+queue+`"}`))
	}
	n.want(200, admin("PUT", "/chess-2", `{"size":4}`))
	version := n.want(200, admin("GET", "", "")).header.Get("ETag")

	matchqtest.Eventually(t, "the list of queues is fresh", func() bool {
		got := n.want(200, admin("PUT", "/chess*?dry_run=true", `{"size":3}`, "If-Match", version))
		return got.at("queues.count") == json.Number("1") && got.text("queues.names.0") == "chess-1" &&
			got.text("rules.interval") == "5s" && got.header.Get("ETag") == version && got.at("source") == nil
	})
	n.want(404, admin("GET", "/chess*", ""))
	if got := n.want(200, admin("PUT", "/*?dry_run=true", `{}`)); got.at("queues.count") != json.Number("2") {
		t.Errorf("the queues of *: %s", got.raw)
	}
	for body, want := range map[string]string{
		`{"rules":[{"type":"nearby"}]}`:                                 "rules[0].type: must be distance or",
		"{\n  \"size\": 2,\n  oops\n}":                                  "line 3, column 3",
		`{"policy":"mine","source":"return function(batch\n) end end"}`: "source: line 2",
	} {
		if got := n.want(422, admin("PUT", "/chess*?dry_run=true", body)); !strings.Contains(got.text("detail"), want) {
			t.Errorf("%s: %s", body, got.raw)
		}
	}
	n.want(412, admin("PUT", "/chess*?dry_run=true", `{}`, "If-Match", `"1.old"`))
	n.want(422, admin("PUT", "/chess*?dry_run=yes", `{}`))
	n.want(204, admin("DELETE", "/chess-2?dry_run=true", ""))
	n.want(200, admin("GET", "/chess-2", ""))
	if got := n.want(200, admin("GET", "", "")); got.header.Get("ETag") != version {
		t.Errorf("the version becomes %s: %s", got.header.Get("ETag"), got.raw)
	}
}

// A node whose flags lose to an operator's rules says so in the list of nodes, on every node, as long as it is so.
func TestNodesWarnOfFlagsThatDontCount(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	start(t, env, guarded("--match-size", "3")...)
	other := start(t, env, guarded()...)
	warned := func(want string) {
		t.Helper()
		matchqtest.Eventually(t, "a node warns of "+want, func() bool {
			var found []string
			for i := range 2 {
				if text := other.as(adminToken, "GET", "/v1/admin/nodes", "").text([]string{"nodes.0", "nodes.1"}[i] + ".warning"); text != "" {
					found = append(found, text)
				}
			}
			return strings.Join(found, "|") == want
		})
	}
	all := other.want(200, other.as(adminToken, "GET", "/v1/admin/rules/*", ""))
	rules, err := json.Marshal(all.at("rules"))
	if err != nil {
		t.Fatal(err)
	}
	if by := all.text("by"); by == "" || by == "configuration" {
		t.Errorf("rules of flags are by %q, not by a machine", by)
	}
	put := func(document string) {
		other.want(200, other.as(adminToken, "PUT", "/v1/admin/rules/*?by=ann", document))
	}
	put(strings.Replace(string(rules), `"size":3`, `"size":5`, 1))
	warned("started with interval, size for *, which don't count: ann has set other rules")
	put(string(rules))
	warned("")
}

// The search says in people's words which players a ticket may meet, which rule keeps it from that, and when it may happen.
func TestOperatorsLearnWhyATicketWaits(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n := start(t, env, guarded()...)
		find := func(player string) response {
			return n.want(200, n.as(adminToken, "GET", "/v1/admin/tickets?player="+player, ""))
		}
		join := func(player, rating string) {
			n.want(201, n.as(apiKey, "POST", "/v1/queues/chess/tickets", `{"player":"`+player+`","rating":`+rating+`}`))
		}
		set := func(rules string) { n.want(200, n.as(adminToken, "PUT", "/v1/admin/rules/chess", rules)) }
		set(`{"interval":"1h","ticket_ttl":"never","rules":[{"name":"skill","type":"distance","max":50,"expand":{"by":1,"every":"1m","to":200}}]}`)
		join("alice", "1000")
		join("bob", "1120")
		join("carol", "5000")
		got := find("alice")
		why := regexp.MustCompile(`^the rule "skill" keeps it apart from the nearest, bob \(120 away\), for another 1h(10m|9m\d+s); the tick after that is in [12]h`)
		if !why.MatchString(got.text("why")) {
			t.Errorf("why alice waits: %s", got.raw)
		}
		earliest, err := time.Parse(time.RFC3339, got.text("meets.earliest"))
		if in := time.Until(earliest); err != nil || in < 69*time.Minute || in > 130*time.Minute {
			t.Errorf("the earliest tick: %s, %v", got.raw, err)
		}
		if got.text("meets.nearest.player") != "bob" || got.at("meets.nearest.gap") != json.Number("120") || got.text("meets.rule") != "skill" ||
			got.at("meets.others") != json.Number("2") || got.at("meets.permitted") != json.Number("0") {
			t.Errorf("the players that alice may meet: %s", got.raw)
		}
		if got := find("carol"); !strings.Contains(got.text("why"), `keeps it apart from all 2 others that were looked at; it waits for somebody else`) ||
			got.at("meets.earliest") != nil {
			t.Errorf("why carol waits: %s", got.raw)
		}
		set(`{"interval":"1h","ticket_ttl":"never","size":3,"rules":[{"name":"skill","type":"distance","max":200}]}`)
		if got := find("alice"); got.text("why") != "the rules let it meet 1 of 2 others now, and a match needs 2" {
			t.Errorf("why alice waits for two: %s", got.raw)
		}
		set(`{"interval":"1h","ticket_ttl":"never"}`)
		if got := find("alice"); !strings.HasPrefix(got.text("why"), "the next tick is in ") || got.at("meets.nearest") != nil || got.text("meets.earliest") == "" {
			t.Errorf("why alice waits without rules: %s", got.raw)
		}
		n.want(204, n.as(apiKey, "DELETE", "/v1/tickets/"+got.text("ticket.id"), ""))
		if got := find("alice"); got.at("meets") != nil || got.at("why") != nil {
			t.Errorf("after its end: %s", got.raw)
		}
	})
}
