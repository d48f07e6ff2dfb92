package matchq_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// good is a valid request.
func good(change func(r *matchq.Request)) matchq.Request {
	r := matchq.Request{Queue: "history", Player: "alice"}
	change(&r)
	return r
}

// badRequests are refused with an *InvalidError about a field.
var badRequests = []struct {
	name, field string
	request     matchq.Request
}{
	{"no queue", "queue", good(func(r *matchq.Request) { r.Queue = "" })},
	{"long queue", "queue", good(func(r *matchq.Request) { r.Queue = strings.Repeat("q", 129) })},
	{"long in bytes only", "queue", good(func(r *matchq.Request) { r.Queue = strings.Repeat("ü", 65) })},
	{"queue dot", "queue", good(func(r *matchq.Request) { r.Queue = "." })},
	{"queue dots", "queue", good(func(r *matchq.Request) { r.Queue = ".." })},
	{"queue with tab", "queue", good(func(r *matchq.Request) { r.Queue = "a\tb" })},
	{"no player", "player", good(func(r *matchq.Request) { r.Player = "" })},
	{"long player", "player", good(func(r *matchq.Request) { r.Player = strings.Repeat("p", 129) })},
	{"player with newline", "player", good(func(r *matchq.Request) { r.Player = "a\nb" })},
	{"player with NUL", "player", good(func(r *matchq.Request) { r.Player = "a\x00" })},
	{"player with DEL", "player", good(func(r *matchq.Request) { r.Player = "a\x7f" })},
	{"player with C1", "player", good(func(r *matchq.Request) { r.Player = "a\u0085" })},
	{"player not UTF-8", "player", good(func(r *matchq.Request) { r.Player = "a\xff" })},
	{"player with half an emoji", "player", good(func(r *matchq.Request) { r.Player = "🦊"[:3] })},
	{"long reply_to", "reply_to", good(func(r *matchq.Request) { r.ReplyTo = strings.Repeat("r", 129) })},
	{"reply_to with tab", "reply_to", good(func(r *matchq.Request) { r.ReplyTo = "\t" })},
	{"rating NaN", "rating", good(func(r *matchq.Request) { r.Rating = new(math.NaN()) })},
	{"rating +Inf", "rating", good(func(r *matchq.Request) { r.Rating = new(math.Inf(1)) })},
	{"rating -Inf", "rating", good(func(r *matchq.Request) { r.Rating = new(math.Inf(-1)) })},
	{"attributes broken", "attributes", good(func(r *matchq.Request) { r.Attributes = json.RawMessage(`{"a":`) })},
	{"attributes two values", "attributes", good(func(r *matchq.Request) { r.Attributes = json.RawMessage(`1 2`) })},
	{"attributes blank", "attributes", good(func(r *matchq.Request) { r.Attributes = json.RawMessage(" ") })},
	{"attributes with raw tab", "attributes", good(func(r *matchq.Request) { r.Attributes = json.RawMessage("\"\t\"") })},
	{"attributes not UTF-8", "attributes", good(func(r *matchq.Request) { r.Attributes = json.RawMessage("\"\xff\"") })},
	{"attributes with a lone surrogate", "attributes", good(func(r *matchq.Request) { r.Attributes = json.RawMessage(`["\ud800"]`) })},
	{"attributes with a key twice", "attributes", good(func(r *matchq.Request) { r.Attributes = json.RawMessage(`[{"a":1,"\u0061":2}]`) })},
	{"attributes with an infinite number", "attributes", good(func(r *matchq.Request) { r.Attributes = json.RawMessage(`[1e400]`) })},
	{"attributes too deep", "attributes", good(func(r *matchq.Request) { r.Attributes = levels(matchq.MaxDepth + 1) })},
	{"attributes long", "attributes", good(func(r *matchq.Request) { r.Attributes = text(4097) })},
	{"ttl negative", "ttl", good(func(r *matchq.Request) { r.TTL = -time.Second })},
	{"ttl below a millisecond", "ttl", good(func(r *matchq.Request) { r.TTL = time.Microsecond })},
	{"ttl not whole", "ttl", good(func(r *matchq.Request) { r.TTL = time.Second + time.Microsecond })},
	{"ttl over 100 years", "ttl", good(func(r *matchq.Request) { r.TTL = 100*365*24*time.Hour + time.Millisecond })},
	{"id long", "id", good(func(r *matchq.Request) { r.ID = strings.Repeat("i", 65) })},
	{"id with space", "id", good(func(r *matchq.Request) { r.ID = "a b" })},
	{"id with umlaut", "id", good(func(r *matchq.Request) { r.ID = "ü" })},
	{"id with newline", "id", good(func(r *matchq.Request) { r.ID = "a\n" })},
}

// text returns JSON of n bytes.
func text(n int) json.RawMessage { return json.RawMessage(`"` + strings.Repeat("x", n-2) + `"`) }

// checkInvalid checks that an error names the field and the problem.
func checkInvalid(t *testing.T, err error, field string) {
	t.Helper()
	var invalid *matchq.InvalidError
	if !errors.As(err, &invalid) || invalid.Field != field || invalid.Problem == "" {
		t.Errorf("error: %v; must be an *InvalidError about %s", err, field)
	}
}

func TestBadRequestsAreRefused(t *testing.T) {
	env := matchqtest.Embedded(t)
	m := newMatcher(t, env, matchq.Config{})
	enqueue(t, m, "history", "bob")
	before, err := m.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := make([]matchq.Request, len(badRequests))
	for i, bad := range badRequests {
		all[i] = bad.request
		t.Run(bad.name, func(t *testing.T) {
			_, err := m.Enqueue(t.Context(), bad.request)
			checkInvalid(t, err, bad.field)
		})
	}
	results, err := m.EnqueueAll(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	for i, bad := range badRequests {
		checkInvalid(t, results[i].Err, bad.field)
	}
	after, err := m.Stats(t.Context())
	if after.At = before.At; err != nil || after != before {
		t.Errorf("stats were %+v and are %+v, %v", before, after, err)
	}
}

func TestBadRequestsDoNotHinderOthers(t *testing.T) {
	env := matchqtest.Embedded(t)
	m := newMatcher(t, env, matchq.Config{})
	results, err := m.EnqueueAll(t.Context(), []matchq.Request{
		{Queue: "history", Player: "alice"}, {Queue: "", Player: "bob"}, {Queue: "history", Player: "carol"},
	})
	if err != nil || results[0].Err != nil || results[2].Err != nil {
		t.Fatalf("%+v, %v", results, err)
	}
	checkInvalid(t, results[1].Err, "queue")
	checkWaiting(t, m, "history", 2)
	if none, err := m.EnqueueAll(t.Context(), nil); len(none) != 0 || err != nil {
		t.Errorf("enqueue nobody: %+v, %v", none, err)
	}
}

// TestRequestsAtTheLimit sends requests at their limits through Redis and back.
func TestRequestsAtTheLimit(t *testing.T) {
	name := strings.Repeat("🦊", 32) // 128 bytes
	requests := map[string]matchq.Request{
		"long names": {Queue: name, Player: name, ReplyTo: name, ID: strings.Repeat("i", 64)},
		"letters":    {Queue: "a b:{c}%*\"\\'", Player: "ﷺ Ωß\u2028\u00a0é", ReplyTo: "...", ID: "aZ09-_"},
		"dots":       {Queue: "...", Player: ".a", ReplyTo: "..."},
		"attributes": {Queue: "q", Player: "long", Attributes: text(4096)},
		"levels":     {Queue: "q", Player: "deep", Attributes: levels(matchq.MaxDepth)},
		"JSON":       {Queue: "q", Player: "json", Attributes: json.RawMessage(`{"a":["\t","\u0000","🦊\u2028<>&",1e300,null]}`)},
		"rating max": {Queue: "q", Player: "max", Rating: new(math.MaxFloat64)},
		"rating 0":   {Queue: "q", Player: "zero", Rating: new(0.0)},
		"rating min": {Queue: "q", Player: "min", Rating: new(-math.SmallestNonzeroFloat64)},
		"ttl least":  {Queue: "r", Player: "brief", TTL: time.Millisecond},
		"ttl most":   {Queue: "q", Player: "old", TTL: 100 * 365 * 24 * time.Hour},
	}
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		for what, r := range requests {
			made, err := m.Enqueue(t.Context(), r)
			if err != nil {
				t.Errorf("%s: %v", what, err)
				continue
			}
			got, err := m.TicketOf(t.Context(), r.Player)
			if err != nil || got.ID != made.ID {
				t.Errorf("%s: %+v, %v", what, got, err)
			}
			if got.Queue != r.Queue || got.Player != r.Player || got.ReplyTo != r.ReplyTo || !reflect.DeepEqual(got.Rating, r.Rating) ||
				string(got.Attributes) != string(r.Attributes) || !got.ExpiresAt.Equal(made.ExpiresAt) {
				t.Errorf("%s: is\n%+v, was\n%+v", what, got, r)
			}
		}
		for queue := range map[string]bool{name: true, "a b:{c}%*\"\\'": true, "...": true} {
			checkWaiting(t, m, queue, 1)
		}
		tick(t, m, "q")
		checkAudit(t, m)
	})
}

func TestAttributesAreCompacted(t *testing.T) {
	env := matchqtest.Embedded(t)
	m := newMatcher(t, env, matchq.Config{})
	spaced := append([]byte("\n\t "), append(text(4096), " \n"...)...)
	got, err := m.Enqueue(t.Context(), matchq.Request{Queue: "q", Player: "alice", Attributes: spaced})
	if err != nil || len(got.Attributes) != 4096 {
		t.Errorf("%d bytes, %v", len(got.Attributes), err)
	}
}

func TestBadNamesElsewhere(t *testing.T) {
	env := matchqtest.Embedded(t)
	m := newMatcher(t, env, matchq.Config{})
	ctx := t.Context()
	for _, name := range []string{"", "a\n", strings.Repeat("x", 129), "\xff", ".."} {
		_, err := m.Tick(ctx, name)
		checkInvalid(t, err, "queue")
		_, err = m.Queue(ctx, name)
		checkInvalid(t, err, "queue")
		_, err = m.Drain(ctx, name)
		checkInvalid(t, err, "queue")
		checkInvalid(t, m.Pause(ctx, name), "queue")
		checkInvalid(t, m.Resume(ctx, name), "queue")
		checkInvalid(t, m.ConsumeTogether(ctx, name, "w", time.Second, nil), "group")
		checkInvalid(t, m.ConsumeTogether(ctx, "g", name, time.Second, nil), "worker")
		for what, err := range map[string]error{
			"cancel": m.Cancel(ctx, name, ""), "cancel player": m.CancelPlayer(ctx, name),
			"ticket": second(m.Ticket(ctx, name)), "ticket of": second(m.TicketOf(ctx, name)), "match": second(m.Match(ctx, name)),
		} {
			if !errors.Is(err, matchq.ErrNotFound) {
				t.Errorf("%s of %q: %v", what, name, err)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestBadConfigsAreRefused(t *testing.T) {
	for _, bad := range []struct {
		field string
		cfg   matchq.Config
	}{
		{"namespace", matchq.Config{Namespace: "a{b"}},
		{"namespace", matchq.Config{Namespace: "a}b"}},
		{"namespace", matchq.Config{Namespace: strings.Repeat("n", 129)}},
		{"namespace", matchq.Config{Namespace: "a\n"}},
		{"interval", matchq.Config{Interval: -3}},
		{"interval", matchq.Config{Interval: matchq.Never}},
		{"interval", matchq.Config{Interval: time.Microsecond}},
		{"interval", matchq.Config{Interval: 101 * 365 * 24 * time.Hour}},
		{"size", matchq.Config{Size: 1}},
		{"size", matchq.Config{Size: -2}},
		{"size", matchq.Config{Size: 17}},
		{"source", matchq.Config{Policy: matchq.LuaPolicy("", "return function() return {} end")}},
		{"policy", matchq.Config{Policy: matchq.LuaPolicy("a\nb", "return function() return {} end")}},
		{"source", matchq.Config{Policy: matchq.LuaPolicy("mine", "")}},
		{"source", matchq.Config{Policy: matchq.LuaPolicy("fifo", "return function() return {} end")}},
		{"ticket_ttl", matchq.Config{TTL: -3}},
		{"ticket_ttl", matchq.Config{TTL: matchq.AtOnce}},
		{"ticket_ttl", matchq.Config{TTL: time.Nanosecond}},
		{"ready_timeout", matchq.Config{ReadyTimeout: time.Millisecond}},
		{"ready_timeout", matchq.Config{ReadyTimeout: matchq.AtOnce}},
		{"by", matchq.Config{By: "a\nb"}},
		{"pattern", matchq.Config{Rules: map[string]matchq.Rules{"": {}}}},
		{"pattern", matchq.Config{Rules: map[string]matchq.Rules{"a\n*": {}}}},
		{"rules for a*: size", matchq.Config{Rules: map[string]matchq.Rules{"a*": {Size: 1}}}},
		{"size", matchq.Config{Size: 3, Rules: map[string]matchq.Rules{"*": {Size: 2}}}},
		{"retention", matchq.Config{Retention: 999 * time.Millisecond}},
		{"retention", matchq.Config{Retention: matchq.Never}},
		{"limit", matchq.Config{Limit: 31}},
		{"limit", matchq.Config{Limit: 501}},
		{"limit", matchq.Config{Limit: -1}},
		{"backlog", matchq.Config{Backlog: -1}},
		{"timeout", matchq.Config{Timeout: -1}},
		{"timeout", matchq.Config{Timeout: time.Microsecond}},
	} {
		checkInvalid(t, bad.cfg.Validate(), bad.field)
	}
}

func TestConfigsAtTheLimit(t *testing.T) {
	for _, cfg := range []matchq.Config{
		{},
		{Namespace: strings.Repeat("🦊", 32), Interval: time.Millisecond, Size: 16, TTL: matchq.Never},
		{Interval: matchq.AtOnce, Size: 2, TTL: time.Millisecond, Retention: time.Second, Limit: 32},
		{Limit: 500, Timeout: 10 * time.Millisecond, Logger: slog.Default()},
	} {
		if err := cfg.Validate(); err != nil {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

// levels makes so many arrays in each other.
func levels(n int) json.RawMessage {
	return json.RawMessage(strings.Repeat("[", n) + strings.Repeat("]", n))
}

func TestCheckJSON(t *testing.T) {
	t.Parallel()
	if err := matchq.CheckJSON("message", levels(3), 3); err != nil {
		t.Error(err)
	}
	var invalid *matchq.InvalidError
	if err := matchq.CheckJSON("message", levels(4), 3); !errors.As(err, &invalid) || invalid.Field != "message" {
		t.Errorf("got %v", err)
	}
}
