package e2e_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/app"
)

const webhookSecret = "a secret of webhooks in tests"

// hook is a request that a receiver got.
type hook struct {
	header http.Header
	body   []byte
}

// receiver is a server that gets webhooks, and answers each as answer says.
type receiver struct {
	*httptest.Server

	mu     sync.Mutex
	got    map[string][]hook // by path
	answer func(path string, nth int, w http.ResponseWriter, r *http.Request)
}

func newReceiver(t *testing.T, answer func(path string, nth int, w http.ResponseWriter, r *http.Request)) *receiver {
	rc := &receiver{got: map[string][]hook{}, answer: answer}
	rc.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		rc.mu.Lock()
		rc.got[r.URL.Path] = append(rc.got[r.URL.Path], hook{r.Header, body})
		nth := len(rc.got[r.URL.Path])
		rc.mu.Unlock()
		rc.answer(r.URL.Path, nth, w, r)
	}))
	t.Cleanup(rc.Close)
	return rc
}

func (rc *receiver) at(path string) []hook {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	return slices.Clone(rc.got[path])
}

// isSigned checks a signature as a receiver does.
func (h *hook) isSigned(secret string) bool {
	at, sent, _ := strings.Cut(strings.TrimPrefix(h.header.Get("Matchq-Signature"), "t="), ",v1=")
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(slices.Concat([]byte(at+"."), h.body))
	seconds, err := strconv.ParseInt(at, 10, 64)
	return err == nil && time.Since(time.Unix(seconds, 0)).Abs() < time.Minute && sent == hex.EncodeToString(mac.Sum(nil))
}

// startHooked starts a server with webhooks whose pauses are short.
func startHooked(t *testing.T, env *matchqtest.Env, urls ...string) *testNode {
	t.Helper()
	return startHookedWithin(t, env, patience, urls...)
}

// startHookedWithin is startHooked with a time-out of the receivers' answers.
func startHookedWithin(t *testing.T, env *matchqtest.Env, timeout time.Duration, urls ...string) *testNode {
	t.Helper()
	args := guarded("--interval", "40ms", "--webhook-secret", webhookSecret)
	for _, to := range urls {
		args = append(args, "--webhook", to)
	}
	return startWith(t, env, func(c *app.Config) {
		c.WebhookBackoff = []time.Duration{20 * time.Millisecond}
		c.WebhookTimeout = timeout
	}, args...)
}

// pair has two players matched, and returns the match as HTTP has it.
func (n *testNode) pair(name string) (id, match string) {
	n.t.Helper()
	var ticket response
	for _, player := range []string{name + "1", name + "2"} {
		ticket = n.want(201, n.as(apiKey, "POST", "/v1/queues/history/tickets", fmt.Sprintf(`{"player":%q,"attributes":{"a":[1]}}`, player)))
	}
	ended := n.want(200, n.as(apiKey, "GET", "/v1/tickets/"+ticket.text("id")+"?wait=25s", ""))
	id = ended.text("match.id")
	return id, n.want(200, n.as(apiKey, "GET", "/v1/matches/"+id, "")).raw
}

// A receiver that does not answer in time gets the match again.
func TestWebhookTimeout(t *testing.T) {
	t.Parallel()
	rc := newReceiver(t, func(_ string, nth int, _ http.ResponseWriter, r *http.Request) {
		if nth < 2 {
			<-r.Context().Done()
		}
	})
	id, _ := startHookedWithin(t, matchqtest.Embedded(t), 100*time.Millisecond, rc.URL).pair("p")
	matchqtest.Eventually(t, "it is posted again", func() bool { return len(rc.at("/")) >= 2 })
	if got := rc.at("/")[1].header; got.Get("Matchq-Event-Id") != id || got.Get("Matchq-Delivery") != "2" {
		t.Errorf("again: %v", got)
	}
}

// Each match is posted until it is answered with 2xx, signed, by one of the nodes; receivers that fail, hang, or send
// elsewhere hold up no other.
func TestWebhooks(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		rc := newReceiver(t, func(path string, nth int, w http.ResponseWriter, r *http.Request) {
			switch {
			case path == "/fails" && nth == 1:
				panic(http.ErrAbortHandler) // which breaks the connection
			case path == "/fails" && nth == 2:
				w.WriteHeader(http.StatusInternalServerError)
			case path == "/hangs":
				<-r.Context().Done()
			case path == "/redirects":
				http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
			case path == "/gone":
				w.WriteHeader(http.StatusGone)
			case path == "/endless":
				for r.Context().Err() == nil { // more than anybody reads
					if _, err := w.Write(make([]byte, 1<<20)); err != nil {
						return
					}
				}
			}
		})
		urls := []string{rc.URL + "/works?key=hidden", rc.URL + "/fails", rc.URL + "/hangs", rc.URL + "/redirects", rc.URL + "/gone", rc.URL + "/endless"}
		n, other := startHooked(t, env, urls...), startHooked(t, env, urls...)
		id, match := n.pair("p")
		for path, times := range map[string]int{"/works": 1, "/fails": 3, "/hangs": 1, "/redirects": 8, "/gone": 1, "/endless": 1} {
			matchqtest.Eventually(t, path+" has got it", func() bool { return len(rc.at(path)) >= times })
			for i, h := range rc.at(path) {
				if !h.isSigned(webhookSecret) || h.isSigned("another") {
					t.Errorf("%s: the signature %s is wrong", path, h.header.Get("Matchq-Signature"))
				}
				for name, want := range map[string]string{
					"Content-Type": "application/json", "Matchq-Event": "matched", "Matchq-Event-Id": id, "Matchq-Delivery": strconv.Itoa(i + 1),
				} {
					if got := h.header.Get(name); got != want {
						t.Errorf("%s: %s is %q, want %q", path, name, got, want)
					}
				}
				var body struct {
					ID, Event string
					Match     json.RawMessage
				}
				if err := json.Unmarshal(h.body, &body); err != nil || body.ID != id || body.Event != "matched" || string(body.Match) != strings.TrimSpace(match) {
					t.Errorf("%s: got %s, want the match %s; %v", path, h.body, match, err)
				}
			}
		}
		if len(rc.at("/elsewhere")) > 0 {
			t.Error("a redirect was followed")
		}
		list := other.hooksOf("/gone", "/redirects")
		if got := list["/gone"].DeadLetters[0]; got.ID != id || got.MatchID != id || got.Deliveries != 1 || !strings.HasPrefix(got.Problem, "answered 410") {
			t.Errorf("dead: %+v", got)
		}
		if got := list["/redirects"].DeadLetters[0]; got.Deliveries != 8 || !strings.Contains(got.Problem, "redirects are not followed") {
			t.Errorf("dead: %+v", got)
		}
		if got := list["/works"]; got.Nodes != 2 || got.Dead != 0 {
			t.Errorf("works: %+v", got)
		}
		gone := "/v1/admin/webhooks/" + list["/gone"].ID
		if got := n.want(200, n.as(adminToken, "POST", gone+"/retry", `{"ids":["`+id+`","1-1-1"]}`)); got.text("ids.0") != id || got.at("ids.1") != nil {
			t.Errorf("retried: %s", got.raw)
		}
		matchqtest.Eventually(t, "it is posted again", func() bool { return len(rc.at("/gone")) == 2 })
		n.hooksOf("/gone")
		n.want(200, n.as(adminToken, "POST", gone+"/remove", `{"ids":["`+id+`"]}`))
		n.want(422, n.as(adminToken, "POST", gone+"/remove", `{"ids":[]}`))
		n.want(404, n.as(adminToken, "POST", "/v1/admin/webhooks/none/remove", `{"ids":["1"]}`))
		n.want(401, n.as(apiKey, "GET", "/v1/admin/webhooks", ""))
		metrics := n.as(adminToken, "GET", "/metrics", "").raw + other.as(adminToken, "GET", "/metrics", "").raw
		for _, outcome := range []string{"2xx", "3xx", "4xx", "5xx", "error"} {
			if !strings.Contains(metrics, `matchq_webhook_requests_total{outcome="`+outcome+`"}`) {
				t.Errorf("no metric counts %s", outcome)
			}
		}
		for _, node := range []*testNode{n, other} {
			node.stop()
			for _, secret := range []string{webhookSecret, "hidden"} {
				if strings.Contains(node.log.text(), secret) {
					t.Errorf("%q is in the log", secret)
				}
			}
		}
	})
}

// hookList is the answer about webhooks.
type hookList struct {
	Webhooks []hookState
}

type hookState struct {
	ID, URL     string
	Nodes, Dead int
	DeadLetters []struct {
		ID         string
		MatchID    string `json:"match_id"`
		Deliveries int
		Problem    string
	} `json:"dead_letters"`
}

// hooksOf waits until some webhooks have a dead letter, and returns all by path.
func (n *testNode) hooksOf(dead ...string) map[string]hookState {
	n.t.Helper()
	byPath := map[string]hookState{}
	matchqtest.Eventually(n.t, "there are dead letters", func() bool {
		got := n.want(200, n.as(adminToken, "GET", "/v1/admin/webhooks", ""))
		var list hookList
		if err := json.Unmarshal([]byte(got.raw), &list); err != nil {
			n.t.Fatal(err)
		}
		for _, h := range list.Webhooks {
			byPath["/"+h.URL[strings.LastIndex(h.URL, "/")+1:]] = h
		}
		for _, path := range dead {
			if byPath[path].Dead == 0 || len(byPath[path].DeadLetters) == 0 {
				return false
			}
		}
		return true
	})
	return byPath
}

// A server that stops while a receiver hangs stops at once, and another node posts the event.
func TestWebhooksOutliveANode(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	release := make(chan struct{})
	rc := newReceiver(t, func(_ string, nth int, _ http.ResponseWriter, r *http.Request) {
		if nth == 1 {
			select {
			case <-r.Context().Done():
			case <-release:
			}
		}
	})
	defer close(release)
	args := guarded("--interval", "40ms", "--webhook-secret", webhookSecret, "--webhook", rc.URL)
	n := start(t, env, args...)
	id, _ := n.pair("p")
	matchqtest.Eventually(t, "it is posted", func() bool { return len(rc.at("/")) == 1 })
	began := time.Now()
	n.stop()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("stopping took %v", took)
	}
	start(t, env, args...)
	matchqtest.Eventually(t, "it is posted again", func() bool { return len(rc.at("/")) == 2 })
	if got := rc.at("/")[1].header; got.Get("Matchq-Event-Id") != id || got.Get("Matchq-Delivery") != "1" {
		t.Errorf("again: %v", got)
	}
}
