package e2e_test

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// askAll checks a server's answers while Redis is away.
func askAll(t *testing.T, n *testNode, s *socket) {
	t.Helper()
	var asking sync.WaitGroup
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/v1/queues/q/tickets", `{"player":"carol"}`},
		{"POST", "/v1/tickets/batch", `{"tickets":[{"queue":"q","player":"dave"},{"queue":"q","player":"dan"}]}`},
		{"GET", "/v1/tickets/x", ""}, {"GET", "/v1/queues", ""}, {"GET", "/v1/stats", ""}, {"GET", "/readyz", ""},
	} {
		asking.Go(func() {
			got := promptly(t, c.method+" "+c.path, func() response { return n.call(c.method, c.path, c.body) })
			if got.status != 503 || got.text("code") != "redis_unavailable" || got.header.Get("Retry-After") == "" {
				t.Errorf("%s %s: %d %s", c.method, c.path, got.status, got.raw)
			}
		})
	}
	f := promptly(t, "an event", func() object {
		s.send(`{"event":"create_general_game_match","data":{"userId":"erin","questionaireId":"q"}}`)
		return s.expect("error")
	})
	if f.text("data.code") != "redis_unavailable" || f.at("data.retryAfterMs") == nil {
		t.Errorf("got %v", f)
	}
	if got := n.call("GET", "/livez", ""); got.status != 200 {
		t.Errorf("livez: %d", got.status)
	}
	asking.Wait()
}

// Players keep waiting while Redis is away, and are matched when it is back.
func TestRedisAway(t *testing.T) {
	// Not parallel: it looks for the goroutine of its long poll.
	for _, c := range []struct {
		name string
		kill bool
		args []string
	}{
		{"frozen", false, nil},
		{"frozen with rate limits", false, []string{"--rate-limit", "100/s"}},
		{"killed", true, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := startDurable(t)
			n := start(t, server.env, c.args...)
			alice, erin := n.dial(), n.dial()
			alice.create(`"q"`, `"alice"`)
			bob := n.post("other", `"bob"`).text("id")
			polled := n.calling("GET", "/v1/tickets/"+bob+"?wait=55s")
			matchqtest.Eventually(t, "the long poll waits", longPollWaits)

			if c.kill {
				server.kill()
			} else {
				server.signal(syscall.SIGSTOP)
			}
			askAll(t, n, erin)
			if c.kill {
				server.start()
			} else {
				server.signal(syscall.SIGCONT)
			}

			matchqtest.Eventually(t, "the server is ready again", func() bool { return n.call("GET", "/readyz", "").status == 200 })
			n.post("q", `"frank"`)
			n.post("other", `"grace"`)
			alice.status("MATCHED")
			if got := <-polled; got.text("state") != "matched" {
				t.Errorf("the long poll got %d %s", got.status, got.raw)
			}
			report, err := n.matcher.Audit(t.Context())
			if err != nil || !report.OK() {
				t.Errorf("audit: %v, %+v", err, report)
			}
		})
	}
}

// durable is a redis-server with all data on disk, so that it survives a kill.
type durable struct {
	t    *testing.T
	env  *matchqtest.Env
	args []string
	cmd  *exec.Cmd
}

func startDurable(t *testing.T) *durable {
	t.Helper()
	free := matchqtest.Start(t) // this checks that there is a redis-server, and finds a port
	free.Kill()
	_, port, _ := strings.Cut(free.Addr, ":")
	d := &durable{t: t, args: []string{
		"--bind", "127.0.0.1", "--port", port, "--dir", t.TempDir(), "--save", "", "--appendonly", "yes", "--appendfsync", "always",
		"--logfile", "redis.log",
	}}
	d.env = &matchqtest.Env{Client: free.Client(t), URL: "redis://" + free.Addr, Namespace: "away", Server: free}
	t.Cleanup(func() { d.kill() })
	d.start()
	return d
}

func (d *durable) start() {
	d.t.Helper()
	d.cmd = exec.Command("redis-server", d.args...)
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	matchqtest.Eventually(d.t, "redis answers", func() bool { return d.env.Client.Ping(context.Background()).Err() == nil })
}

func (d *durable) signal(s syscall.Signal) {
	if err := d.cmd.Process.Signal(s); err != nil {
		d.t.Error(err)
	}
}

func (d *durable) kill() {
	_ = d.cmd.Process.Kill() // also if it is frozen
	_ = d.cmd.Wait()
}

// After a kill without persistence the tickets are gone: players are told, and the server continues with an empty
// Redis.
func TestRedisLosesAll(t *testing.T) {
	// Not parallel: it looks for the goroutine of its long poll.
	env := matchqtest.Real(t)
	n := start(t, env)
	alice := n.dial()
	id := alice.create(`"q"`, `"alice"`)
	bob := n.post("other", `"bob"`).text("id")
	polled := n.calling("GET", "/v1/tickets/"+bob+"?wait=55s")
	matchqtest.Eventually(t, "the long poll waits", longPollWaits)
	env.Server.Kill()
	// An outage that the driver's own retries bridge is not noticed.
	matchqtest.Eventually(t, "the absence is noticed", func() bool { return n.log.has("redis is away: no events until it answers") })
	env.Server.Restart()
	if f := alice.status("CANCELLED"); f.text("data.reason") != "lost" || f.text("data.ticketId") != id {
		t.Errorf("got %v", f)
	}
	if got := <-polled; got.status != 200 || got.text("state") != "cancelled" || got.text("reason") != "lost" {
		t.Errorf("the long poll got %d %s", got.status, got.raw)
	}
	n.want(404, n.call("GET", "/v1/tickets/"+bob, ""))
	alice.create(`"q"`, `"alice"`)
	n.post("q", `"frank"`)
	alice.status("MATCHED")
}

// The grace ends while Redis is away: the ticket is cancelled when it is back.
func TestGraceEndsWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	n := start(t, env, "--grace", "10ms", "--interval", "1h")
	s := n.dial()
	id := s.create(`"q"`, `"alice"`)
	env.Server.Stop()
	_ = s.conn.Close()
	n.want(503, n.call("GET", "/v1/stats", ""))
	env.Server.Continue()
	matchqtest.Eventually(t, "the ticket is cancelled", func() bool {
		got := n.call("GET", "/v1/tickets/"+id, "")
		return got.text("state") == "cancelled"
	})
}

// An idempotency key whose first request got no answer makes a ticket when the client tries again.
func TestIdempotencyKeyAfterRedisWasAway(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	n := start(t, env, "--interval", "1h")
	n.post("q", `"warm"`)
	post := func(i int) response {
		return n.call("POST", "/v1/queues/q/tickets", fmt.Sprintf(`{"player":"p%d"}`, i), "Idempotency-Key", fmt.Sprint("k", i))
	}
	env.Server.Stop()
	if got := post(1); got.status != 503 {
		t.Fatalf("got %d %s", got.status, got.raw)
	}
	env.Server.Continue()
	matchqtest.Eventually(t, "the unanswered request is void", func() bool { return n.stats().Cancelled == 1 })
	first := n.want(201, post(1))
	if first.text("state") != "waiting" {
		t.Errorf("got %s", first.raw)
	}
	if again := n.want(201, post(1)); again.text("id") != first.text("id") {
		t.Errorf("got %s and %s", first.raw, again.raw)
	}
}
