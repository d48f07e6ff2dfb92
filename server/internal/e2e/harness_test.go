package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/server/internal/app"
	"github.com/matchq/matchq/server/internal/base/flags"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

// patience is the time-out of expected events. A test that passes does not wait that long.
const patience = matchqtest.Patience

// testNode is a running server.
type testNode struct {
	t        *testing.T
	url      string
	stop     func() // and wait for the end
	matcher  *matchq.Matcher
	presence *presence.Presence
	log      journal
	routes   []string
}

// start runs a server on a test's Redis. Rate limits are off unless args say otherwise.
func start(t *testing.T, env *matchqtest.Env, args ...string) *testNode {
	t.Helper()
	return startWith(t, env, func(*app.Config) {}, args...)
}

// startGames is start with other times for games, unless game is nil.
func startGames(t *testing.T, env *matchqtest.Env, game *quiz.Config, args ...string) *testNode {
	t.Helper()
	return startWith(t, env, func(c *app.Config) {
		if game != nil {
			c.Game = *game
		}
	}, args...)
}

// startWith is start with settings that are no flags.
func startWith(t *testing.T, env *matchqtest.Env, set func(*app.Config), args ...string) *testNode {
	t.Helper()
	f, err := flags.Parse(append([]string{
		"--addr", "127.0.0.1:0", "--redis", urlOf(env), "--namespace", env.Namespace, "--interval", "40ms",
		"--rate-limit", "off",
	}, args...), io.Discard, io.Discard, nil)
	if err != nil {
		t.Fatal(err)
	}
	if answersAlways(env) {
		f.CallTimeout = patience
	}
	ctx, cancel := context.WithCancel(t.Context())
	log := newJournal()
	c := app.NewConfig(f, slog.New(log))
	set(&c)
	if _, err := document(); err != nil { // read now, since that takes seconds on a busy machine
		t.Fatal(err)
	}
	n, err := startApp(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	stopped := false
	stop := func() {
		cancel()
		if stopped {
			return
		}
		stopped = true
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the server ended with: %v", err)
			}
		case <-time.After(15 * time.Second):
			t.Error("the server does not stop")
		}
	}
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			t.Logf("the end of the server's log:\n%s", log.tail(20))
		}
	})
	config := f.MatcherConfig()
	config.Logger = slog.New(slog.DiscardHandler)
	matcher, err := matchq.New(env.Client, config)
	if err != nil {
		t.Fatal(err)
	}
	online, err := presence.New(matcher, presence.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return &testNode{t: t, url: n.URL(), stop: stop, matcher: matcher, presence: online, log: log, routes: n.Routes()}
}

// answersAlways reports whether no test stops this Redis: it may answer late on a busy machine, but it does answer.
func answersAlways(env *matchqtest.Env) bool { return env.Server == nil }

// lateAnswer is in the errors of a start for which Redis answered too late.
var lateAnswer = regexp.MustCompile("does not answer|unavailable|deadline exceeded|timeout")

// startApp starts a server, again if its Redis answers too late for a start, as it may on a busy machine.
func startApp(ctx context.Context, c app.Config) (*app.Server, error) {
	for deadline := time.Now().Add(patience); ; {
		n, err := app.Start(ctx, c)
		if err == nil || !lateAnswer.MatchString(err.Error()) || time.Now().After(deadline) {
			return n, err
		}
	}
}

// journal is a log that tests can search; it is also printed if MATCHQ_TEST_LOG is set.
type journal struct {
	slog.Handler
	lines *sync.Map // messages
	all   *pages
}

func newJournal() journal {
	j := journal{lines: &sync.Map{}, all: &pages{}}
	var out io.Writer = j.all
	if os.Getenv("MATCHQ_TEST_LOG") != "" {
		out = io.MultiWriter(out, os.Stderr)
	}
	j.Handler = slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug})
	return j
}

// pages is a buffer for many writers.
type pages struct {
	mu sync.Mutex
	bytes.Buffer
}

func (p *pages) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.Buffer.Write(data)
}

// tail returns the last lines.
func (j journal) tail(lines int) string {
	all := slices.Collect(strings.Lines(j.text()))
	return strings.Join(all[max(0, len(all)-lines):], "")
}

// text returns the whole log.
func (j journal) text() string {
	j.all.mu.Lock()
	defer j.all.mu.Unlock()
	return j.all.String()
}

func (j journal) Enabled(context.Context, slog.Level) bool { return true }

func (j journal) Handle(ctx context.Context, r slog.Record) error {
	j.lines.Store(r.Message, true)
	return j.Handler.Handle(ctx, r)
}

func (j journal) has(message string) bool {
	_, ok := j.lines.Load(message)
	return ok
}

func urlOf(env *matchqtest.Env) string {
	if cluster, ok := env.Client.(*redis.ClusterClient); ok {
		return "redis+cluster://" + strings.Join(cluster.Options().Addrs, ",")
	}
	return env.URL
}

// object is a decoded JSON object.
type object map[string]any

// at follows keys, and list indexes of one digit, into an object.
func (o object) at(path string) any {
	var value any = map[string]any(o)
	for key := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[key]
		case []any:
			i := int(key[0] - '0')
			if i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

func (o object) text(path string) string {
	s, _ := o.at(path).(string)
	return s
}

// promptly does something that takes two seconds at most. A busy machine may exceed that, but not each of three times.
func promptly[R any](t *testing.T, what string, do func() R) (result R) {
	t.Helper()
	var took time.Duration
	for range 3 {
		began := time.Now()
		if result = do(); time.Since(began) <= 2*time.Second {
			return result
		}
		took = time.Since(began)
	}
	t.Errorf("%s took %v, three times", what, took)
	return result
}

// inTime tries steps that must be done within a limit of the server's, which a busy machine may exceed: then it tries again with
// twice the limit. A try returns when the limit had not begun yet, and whether it succeeded.
func inTime(t *testing.T, limit time.Duration, try func(limit time.Duration) (before time.Time, ok bool)) {
	t.Helper()
	for ; ; limit *= 2 {
		before, ok := try(limit)
		if ok {
			return
		}
		if took := time.Since(before); took < limit || limit > patience {
			t.Fatalf("it failed %v after the beginning of a limit of %v", took, limit)
		}
	}
}

// response is an answer of the server.
type response struct {
	object
	status int
	header http.Header
	raw    string
}

// call makes a request; headers are names and values in turn.
func (n *testNode) call(method, path, body string, headers ...string) response {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, n.url+path, strings.NewReader(body))
	if err != nil {
		n.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := n.client().Do(r)
	if err != nil {
		n.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = answer.Body.Close() }()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	got := response{status: answer.StatusCode, header: answer.Header, raw: string(data)}
	if len(data) > 0 && strings.HasSuffix(answer.Header.Get("Content-Type"), "json") {
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		if err := d.Decode(&got.object); err != nil {
			n.t.Fatalf("%s %s answered %q", method, path, data)
		}
	}
	return got
}

// calling is a call beside the test. Its channel is closed without an answer if the call fails.
func (n *testNode) calling(method, path string) <-chan response {
	answer := make(chan response, 1)
	go func() {
		defer close(answer)
		answer <- n.call(method, path, "")
	}()
	return answer
}

// client makes requests and checks the answers against the OpenAPI document.
func (n *testNode) client() *http.Client { return &http.Client{Transport: contract{n.t, n.url}} }

// post queues a player and returns the ticket.
func (n *testNode) post(queue, player string) response {
	n.t.Helper()
	got := n.call("POST", "/v1/queues/"+queue+"/tickets", `{"player":`+player+`}`)
	if got.status != http.StatusCreated {
		n.t.Fatalf("queueing %s: %d %s", player, got.status, got.raw)
	}
	return got
}

// wait waits until a ticket has ended.
func (n *testNode) wait(id string) response {
	n.t.Helper()
	return n.want(http.StatusOK, n.call("GET", "/v1/tickets/"+id+"?wait=25s", ""))
}

// ready waits until the server says that it is ready: its Redis has a second to answer.
func (n *testNode) ready() (got response) {
	n.t.Helper()
	matchqtest.Eventually(n.t, "the server is ready", func() bool {
		got = n.call("GET", "/readyz", "")
		return got.status == http.StatusOK
	})
	return got
}

func (n *testNode) want(status int, got response) response {
	n.t.Helper()
	if got.status != status {
		n.t.Fatalf("answered %d, want %d: %s", got.status, status, got.raw)
	}
	return got
}

func (n *testNode) stats() matchq.Stats {
	n.t.Helper()
	stats, err := n.matcher.Stats(n.t.Context())
	if err != nil {
		n.t.Fatal(err)
	}
	return stats
}
