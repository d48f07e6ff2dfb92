package e2e_test

import (
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

func TestBadRequests(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t))
	const tickets = "/v1/queues/q/tickets"
	long := strings.Repeat("x", 129)
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		code, detail             string
	}{
		{"no body", "POST", tickets, " ", 422, "invalid", "unexpected end"},
		{"not JSON", "POST", tickets, `{"player"`, 422, "invalid", "unexpected end"},
		{"garbage", "POST", tickets, `{"player":"a"} {}`, 422, "invalid", "trailing data"},
		{"no object", "POST", tickets, `["a"]`, 422, "invalid", "object"},
		{"key twice", "POST", tickets, `{"player":"a","player":"b"}`, 422, "invalid", "duplicate key"},
		{"unknown key", "POST", tickets, `{"player":"a","Rating":5}`, 422, "invalid", `"Rating"`},
		{"no player", "POST", tickets, `{}`, 422, "invalid", "player must not be empty"},
		{"empty player", "POST", tickets, `{"player":""}`, 422, "invalid", "player must not be empty"},
		{"null player", "POST", tickets, `{"player":null}`, 422, "invalid", "player must not be empty"},
		{"player of wrong type", "POST", tickets, `{"player":{"a":1}}`, 422, "invalid", "player must be a string or an integer"},
		{"player a fraction", "POST", tickets, `{"player":1.5}`, 422, "invalid", "player must be a string or an integer"},
		{"player too long", "POST", tickets, `{"player":"` + long + `"}`, 422, "invalid", "player must be at most 128"},
		{"control character", "POST", tickets, `{"player":"a\u0007"}`, 422, "invalid", "control"},
		{"not UTF-8", "POST", tickets, "{\"player\":\"a\xff\"}", 422, "invalid", "UTF-8"},
		{"two dots", "POST", tickets, `{"player":".."}`, 422, "invalid", "player"},
		{"rating of wrong type", "POST", tickets, `{"player":"a","rating":"5"}`, 422, "invalid", "rating must be a number"},
		{"rating too large", "POST", tickets, `{"player":"a","rating":1e999}`, 422, "invalid", "rating must be a number"},
		{"lone surrogate", "POST", tickets, `{"player":"a\ud800"}`, 422, "invalid", "surrogate"},
		{"infinite number", "POST", tickets, `{"player":"a","attributes":[1e999]}`, 422, "invalid", "1e999"},
		{"attributes too deep", "POST", tickets, `{"player":"a","attributes":` + nested(33) + `}`, 422, "invalid", "attributes must be at most 32 levels"},
		{"key twice in attributes", "POST", tickets, `{"player":"a","attributes":{"x":{"y":1,"y":2}}}`, 422, "invalid", `"y" in attributes/x`},
		{"surrogate in a batch", "POST", "/v1/tickets/batch", `{"tickets":[{"queue":"q","player":"\udc00"}]}`, 422, "invalid", "surrogate"},
		{"ttl 0", "POST", tickets, `{"player":"a","ttl_ms":0}`, 422, "invalid", "ttl_ms"},
		{"ttl a fraction", "POST", tickets, `{"player":"a","ttl_ms":1.5}`, 422, "invalid", "ttl_ms must be an integer"},
		{"ttl too large", "POST", tickets, `{"player":"a","ttl_ms":9223372036854775807}`, 422, "invalid", "ttl_ms"},
		{"attributes too large", "POST", tickets, `{"player":"a","attributes":"` + strings.Repeat("x", 5000) + `"}`, 422, "invalid", "attributes"},
		{"queue too long", "POST", "/v1/queues/" + long + "/tickets", `{"player":"a"}`, 422, "invalid", "queue must be at most 128"},
		{"queue with control", "POST", "/v1/queues/a%00/tickets", `{"player":"a"}`, 422, "invalid", "queue"},
		{"body too large", "POST", tickets, `{"player":"` + strings.Repeat("x", 64<<10) + `"}`, 413, "too_large", "65536"},
		{"batch too large", "POST", "/v1/tickets/batch", `{"tickets":["` + strings.Repeat("x", 1<<20) + `"]}`, 413, "too_large", "1048576"},
		{"batch of none", "POST", "/v1/tickets/batch", `{"tickets":[]}`, 422, "invalid", "1 to 1000"},
		{"batch of many", "POST", "/v1/tickets/batch", `{"tickets":[` + strings.Repeat("{},", 1000) + `{}]}`, 422, "invalid", "1 to 1000"},
		{"batch no array", "POST", "/v1/tickets/batch", `{"tickets":{}}`, 422, "invalid", "tickets must be an array"},
		{"unknown path", "GET", "/v1/nothing", "", 404, "not_found", ""},
		{"path below a queue", "GET", "/v1/queues/a/b", "", 404, "not_found", ""},
		{"unknown ticket", "GET", "/v1/tickets/x?wait=9s", "", 404, "not_found", ""},
		{"odd ticket", "GET", "/v1/tickets/%7B%0A", "", 404, "not_found", ""},
		{"unknown match", "GET", "/v1/matches/1-0-0", "", 404, "not_found", ""},
		{"wait too long", "GET", "/v1/tickets/x?wait=56s", "", 422, "invalid", "wait"},
		{"wait no duration", "GET", "/v1/tickets/x?wait=soon", "", 422, "invalid", "wait"},
		{"since no version", "GET", "/v1/tickets/x?since=new", "", 422, "invalid", "since"},
		{"method", "PUT", "/v1/stats", `{}`, 405, "method_not_allowed", "PUT"},
		{"ws without upgrade", "GET", "/ws", "", 426, "upgrade_required", ""},
	} {
		got := n.call(c.method, c.path, c.body)
		if got.status != c.status || got.text("code") != c.code || !strings.Contains(got.text("detail"), c.detail) {
			t.Errorf("%s: got %d %s", c.name, got.status, got.raw)
		}
		if kind := got.header.Get("Content-Type"); kind != "application/problem+json" {
			t.Errorf("%s: Content-Type is %s", c.name, kind)
		}
	}
	got := n.call("POST", tickets, `player=a`, "Content-Type", "application/x-www-form-urlencoded")
	if got.status != 415 || got.text("code") != "unsupported_media_type" {
		t.Errorf("form: got %d %s", got.status, got.raw)
	}
	mixed := n.want(200, n.call("POST", "/v1/tickets/batch", `{"tickets":[{"queue":"q"},7,{"queue":"q","player":"a","x":1}]}`))
	for i, want := range []string{"player must not be empty", "object", `"x"`} {
		if detail := mixed.text("results." + string(rune('0'+i)) + ".error.detail"); !strings.Contains(detail, want) {
			t.Errorf("ticket %d of the batch: %q", i, detail)
		}
	}
	if got := n.stats(); got.Enqueued != 0 || got.Stored != 0 {
		t.Errorf("something was changed: %+v", got)
	}
}

func TestBadFrames(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t))
	s := n.dial()
	const create = `{"event":"create_general_game_match","id":5,"data":`
	for _, c := range []struct{ name, frame, code, message string }{
		{"empty", "", "bad_message", "unexpected end"},
		{"not JSON", "hello", "bad_message", "not JSON"},
		{"array", "[]", "bad_message", "object"},
		{"garbage", `{"event":"check_socket_id"} x`, "bad_message", "trailing data"},
		{"key twice", `{"event":"check_socket_id","event":"x"}`, "bad_message", "duplicate key"},
		{"not UTF-8", "{\"event\":\"\xff\"}", "bad_message", "UTF-8"},
		{"no event", `{"data":{}}`, "bad_message", "event is missing"},
		{"event of wrong type", `{"event":7}`, "bad_message", "event must be a string"},
		{"data of wrong type", `{"event":"check_socket_id","data":[]}`, "bad_message", "data must be a JSON object"},
		{"lone surrogate", `{"event":"check_socket_id","data":{"userId":"\ud800"}}`, "bad_message", "surrogate"},
		{"key twice in data", `{"event":"check_socket_id","data":{"a":1,"a":2}}`, "bad_message", "duplicate key"},
		{"too deep", `{"event":"check_socket_id","data":{"a":` + nested(2000) + `}}`, "bad_message", "levels"},
		{"unknown event", `{"event":"make_tea"}`, "unknown_event", "make_tea"},
		{"long unknown event", `{"event":"` + strings.Repeat("x", 10_000) + `"}`, "unknown_event", "…"},
		{"no payload", create + `null}`, "invalid", "userId is missing"},
		{"user of wrong type", create + `{"userId":true,"questionaireId":"q"}}`, "invalid", "userId must be a string or an integer"},
		{"user empty", create + `{"userId":"","questionaireId":"q"}}`, "invalid", "userId must not be empty"},
		{"user too long", create + `{"userId":"` + strings.Repeat("x", 129) + `","questionaireId":"q"}}`, "invalid", "userId must be at most"},
		{"user with control", create + `{"userId":"a\n","questionaireId":"q"}}`, "invalid", "userId"},
		{"no queue", create + `{"userId":"a"}}`, "invalid", "questionaireId must not be empty"},
		{"queue with control", create + `{"userId":"a","questionaireId":"q\u0000"}}`, "invalid", "questionaireId"},
		{"rating of wrong type", create + `{"userId":"a","questionaireId":"q","rating":"x"}}`, "invalid", "rating must be a number"},
		{"attributes too deep", create + `{"userId":"a","questionaireId":"q","attributes":` + nested(33) + `}}`, "invalid", "attributes must be at most 32 levels"},
		{"attributes too large", create + `{"userId":"a","questionaireId":"q","attributes":"` + strings.Repeat("x", 5000) + `"}}`, "invalid", "attributes"},
	} {
		s.send(c.frame)
		f := s.expect("error")
		if f.text("data.code") != c.code || !strings.Contains(f.text("data.message"), c.message) {
			t.Errorf("%s: got %v", c.name, f)
		}
		if hasID := f["id"] != nil; hasID != strings.HasPrefix(c.frame, create) {
			t.Errorf("%s: got %v", c.name, f)
		}
	}
	if err := s.conn.WriteMessage(websocket.BinaryMessage, []byte(`{"event":"check_socket_id"}`)); err != nil {
		t.Fatal(err)
	}
	if f := s.expect("error"); f.text("data.code") != "bad_message" || !strings.Contains(f.text("data.message"), "binary") {
		t.Errorf("got %v", f)
	}
	s.quiet()
	s.send(`{"event":"` + strings.Repeat("x", 16<<10) + `"}`)
	s.expectClose(websocket.CloseMessageTooBig)
	if got := n.stats(); got.Enqueued != 0 || got.Stored != 0 {
		t.Errorf("something was changed: %+v", got)
	}
}

// nested makes so many arrays in each other.
func nested(levels int) string { return strings.Repeat("[", levels) + strings.Repeat("]", levels) }

func TestDeepestAttributes(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t))
	deep := `"attributes":` + nested(matchq.MaxDepth)
	n.want(201, n.call("POST", "/v1/queues/q/tickets", `{"player":"a",`+deep+`}`))
	n.want(200, n.call("POST", "/v1/tickets/batch", `{"tickets":[{"queue":"q","player":"b",`+deep+`}]}`))
	s := n.dial()
	s.send(`{"event":"create_general_game_match","data":{"userId":"c","questionaireId":"q",` + deep + `}}`)
	s.expect("match_status")
	if got := n.stats(); got.Enqueued != 3 {
		t.Errorf("%d tickets of 3", got.Enqueued)
	}
}
