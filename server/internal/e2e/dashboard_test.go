package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/history"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// feed is a stream of /v1/dashboard/events.
type feed struct {
	t      *testing.T
	lines  *bufio.Reader
	answer *http.Response
	close  func()
}

func (n *testNode) feed(headers ...string) *feed {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), 3*patience)
	n.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, n.url+"/v1/dashboard/events", nil)
	if err != nil {
		n.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := n.client().Do(r)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = answer.Body.Close() })
	return &feed{n.t, bufio.NewReader(answer.Body), answer, cancel}
}

// next returns the next event.
func (f *feed) next() (event string, data object, err error) {
	for {
		line, err := f.lines.ReadString('\n')
		if err != nil {
			return "", nil, err
		}
		if text, ok := strings.CutPrefix(line, "event: "); ok {
			event = strings.TrimSpace(text)
		}
		if text, ok := strings.CutPrefix(line, "data: "); ok {
			return event, data, json.Unmarshal([]byte(text), &data)
		}
	}
}

// until applies changes to the known state until a condition holds.
func (f *feed) until(known object, is func() bool) {
	f.t.Helper()
	for !is() {
		event, data, err := f.next()
		if err != nil || event != "change" {
			f.t.Fatalf("%s %v, %v; known: %v", event, data, err, known)
		}
		maps.Copy(known, data)
	}
}

func (f *feed) snapshot() object {
	f.t.Helper()
	event, data, err := f.next()
	if err != nil || event != "snapshot" {
		f.t.Fatalf("%s %v, %v", event, data, err)
	}
	return data
}

// Changes on one node are seen on the other, and name no player.
func TestDashboardEvents(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n := start(t, env)
		other := n
		if env.Embedded == nil {
			other = start(t, env)
		}
		f := other.feed()
		known := f.snapshot()
		for _, key := range []string{"now", "config", "totals", "audit", "redis", "nodes", "queues", "matches", "minutes"} {
			if known[key] == nil {
				t.Errorf("there is no %s in %v", key, known)
			}
		}
		if tells := known.at("redis.memory_bytes") != nil; tells != (env.Embedded == nil) {
			t.Errorf("redis: %v", known["redis"])
		}
		n.post("history", `"somebody"`)
		n.post("history", `"somebody-else"`)
		n.post("music", `"lonely-one"`)
		f.until(known, func() bool {
			return known.at("totals.matched") == 2.0 && known.at("totals.waiting") == 1.0 && known.at("totals.wait_p50_ms") != nil &&
				known.at("totals.share_matched") == 1.0 && known.at("matches.0.queue") == "history"
		})
		n.want(200, n.call("POST", "/v1/admin/queues/music/pause", ""))
		f.until(known, func() bool {
			set, _ := known.at("queues.set").([]any)
			for _, row := range set {
				if q := object(row.(map[string]any)); q["name"] == "music" && q["paused"] == true && q["oldest_since"] != nil {
					return true
				}
			}
			return false
		})
		n.want(200, n.call("POST", "/v1/admin/queues/music/drain", ""))
		n.want(200, n.call("POST", "/v1/admin/queues/music/resume", ""))
		f.until(known, func() bool { return fmt.Sprint(known.at("queues.gone")) == "[music]" })
		if text := fmt.Sprint(known); strings.Contains(text, "somebody") || strings.Contains(text, "lonely") {
			t.Errorf("players are named: %s", text)
		}
		if known.at("audit.ok") != true {
			t.Errorf("audit: %v", known["audit"])
		}

		late := other.feed().snapshot() // a later client gets the whole state at once
		if late.at("totals.cancelled") != 1.0 || late.at("matches.0.size") != 2.0 || late.at("minutes.0.minute") == nil {
			t.Errorf("late: %v", late)
		}
		other.stop()
		for {
			if _, _, err := f.next(); err != nil {
				if !errors.Is(err, io.EOF) {
					t.Errorf("the stream ends with %v", err)
				}
				break
			}
		}
	})
}

// Redis fails and comes back while a client watches, and before one does.
func TestDashboardWithoutRedis(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	n := start(t, env)
	f := n.feed()
	known := f.snapshot()
	n.post("history", `"alice"`)
	f.until(known, func() bool { return known.at("totals.waiting") == 1.0 })
	env.Server.Kill()
	f.until(known, func() bool { return known.at("redis.up") == false })
	if late := n.feed().snapshot(); late.at("redis.up") != false || late.at("totals.waiting") != 1.0 {
		t.Errorf("late: %v", late)
	}
	f.close()
	env.Server.Restart()
	matchqtest.Eventually(t, "redis is back", func() bool {
		again := n.feed()
		defer again.close()
		return again.snapshot().at("redis.up") == true
	})
}

// An open dashboard costs nothing while its page is hidden, and a node's history outlives the node.
func TestHistoryOutlivesNodes(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	n := start(t, env)
	n.post("history", `"alice"`)
	n.wait(n.post("history", `"bob"`).text("id"))
	n.stop()
	again := start(t, env)
	f := again.feed()
	known := f.snapshot()
	f.until(known, func() bool { // the first snapshot may come before the node has read the history
		return known.at("totals.wait_p99_ms") != nil && known.at("totals.share_matched") == 1.0 && known.at("matches.0.queue") == "history"
	})
	minutes, err := history.New(again.matcher).Minutes(t.Context(), time.Now().Add(-time.Hour), time.Now())
	if err != nil || len(minutes) == 0 {
		t.Fatalf("minutes: %v, %v", minutes, err)
	}
	if last := minutes[len(minutes)-1].Last; last != (history.Totals{Enqueued: 2, Matched: 2, Matches: 1}) {
		t.Errorf("totals: %+v", last)
	}
}
