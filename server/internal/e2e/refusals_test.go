package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// refusals is how often each kind of refusal begins and ends under a running server.
var refusals = flag.Int("refusals", 1, "rounds of each kind of refusal by Redis")

// refusal is a state in which Redis refuses.
type refusal struct {
	code       string
	begin, end func(*testing.T, *matchqtest.Env)
}

// do sends a command to Redis as a user with all rights.
func do(t *testing.T, env *matchqtest.Env, command string) {
	t.Helper()
	var args []any
	for arg := range strings.FieldsSeq(command) {
		args = append(args, strings.ReplaceAll(arg, "_", " ")) // "3600_1" is one argument
	}
	if err := env.Client.Do(t.Context(), args...).Err(); err != nil {
		t.Fatalf("%s: %v", command, err)
	}
}

// says makes a begin or an end of commands.
func says(commands ...string) func(*testing.T, *matchqtest.Env) {
	return func(t *testing.T, env *matchqtest.Env) {
		t.Helper()
		for _, command := range commands {
			do(t, env, command)
		}
	}
}

// without takes rights from the server's Redis user.
func without(rules ...string) func(*testing.T, *matchqtest.Env) {
	return func(t *testing.T, env *matchqtest.Env) {
		t.Helper()
		for _, rule := range rules {
			do(t, env, "ACL SETUSER matchq "+rule)
		}
	}
}

// giveBack gives them back.
func giveBack(t *testing.T, env *matchqtest.Env) {
	t.Helper()
	setUser(t, env, rights(t, env.Namespace)...)
}

// dump is the file that Redis saves to.
func dump(t *testing.T, env *matchqtest.Env) string {
	t.Helper()
	return filepath.Join(env.Client.ConfigGet(t.Context(), "dir").Val()["dir"], "dump.rdb")
}

// cannotSave puts a folder where Redis saves to, and lets it find that out.
func cannotSave(t *testing.T, env *matchqtest.Env) {
	t.Helper()
	_ = os.Remove(dump(t, env)) // that of an earlier round
	if err := os.Mkdir(dump(t, env), 0o700); err != nil {
		t.Fatal(err)
	}
	do(t, env, "CONFIG SET save 3600_1")
	saves(t, env, "err")
}

func canSave(t *testing.T, env *matchqtest.Env) {
	t.Helper()
	if err := os.Remove(dump(t, env)); err != nil {
		t.Fatal(err)
	}
	saves(t, env, "ok")
}

// saves lets Redis save, and waits for the result.
func saves(t *testing.T, env *matchqtest.Env, result string) {
	t.Helper()
	do(t, env, "BGSAVE")
	matchqtest.Eventually(t, "saving is over: "+result, func() bool {
		return strings.Contains(env.Client.Info(t.Context(), "persistence").Val(), "rdb_last_bgsave_status:"+result)
	})
}

// Redis refuses under a running server, and then no more: the server says so meanwhile, loses nobody, and goes on by
// itself. The log has one line when a refusal begins and one when it ends.
func TestRefusalsComeAndGo(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]refusal{
		"no commands": {"NOPERM", without("-@all"), giveBack},
		"no keys":     {"NOPERM", without("resetkeys"), giveBack},
		"no channels": {"NOPERM", without("resetchannels"), giveBack},
		"read-only":   {"READONLY", says("REPLICAOF 127.0.0.1 1"), says("REPLICAOF NO ONE")},
		"no replicas": {"NOREPLICAS", says("CONFIG SET min-replicas-to-write 1"), says("CONFIG SET min-replicas-to-write 0")},
		"no disk":     {"MISCONF", cannotSave, canSave},
		"full":        {"OOM", says("CONFIG SET maxmemory 1"), says("CONFIG SET maxmemory 0")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := restricted(t)
			n := start(t, env, "--rate-limit", "1000/s", "--ticket-ttl", "0")
			for round := range *refusals {
				n.survives(env, r, round)
			}
			n.stop() // fails the test if the server has ended by itself
			for _, line := range []string{refusalBegins, refusalEnds} {
				if got := strings.Count(n.log.text(), line); got != *refusals {
					t.Errorf("%q is in the log %d times, not %d", line, got, *refusals)
				}
			}
		})
	}
}

// The lines of the log for each refusal.
const (
	refusalBegins = "redis refuses to"
	refusalEnds   = "redis accepts calls again"
)

// logs waits until the log has a line so many times.
func (n *testNode) logs(line string, times int) {
	n.t.Helper()
	matchqtest.Eventually(n.t, "the log says: "+line, func() bool { return strings.Count(n.log.text(), line) >= times })
}

// survives has two players wait while Redis refuses. Afterwards they are matched and told.
func (n *testNode) survives(env *matchqtest.Env, r refusal, round int) {
	n.t.Helper()
	begun := time.Now()
	queue, player := fmt.Sprint("q", round), func(name string) string { return fmt.Sprintf(`"%s-%d"`, name, round) }
	alice, carol := n.dial(), n.dial()
	alice.create(`"`+queue+`"`, player("alice"))
	bob := n.post(queue+"-http", player("bob")).text("id")

	r.begin(n.t, env)
	n.says(r)
	n.logs(refusalBegins, round+1)
	if !strings.Contains(n.t.Name(), "channels") { // without them players can be queued, but not be told
		got := n.want(503, n.call("POST", "/v1/queues/"+queue+"/tickets", `{"player":`+player("carol")+`}`))
		if got.text("code") != "redis_refuses" || !strings.Contains(got.raw, r.code) || got.header.Get("Retry-After") == "" {
			n.t.Errorf("queueing: %s", got.raw)
		}
		carol.send(`{"event":"create_general_game_match","data":{"userId":` + player("carol") + `,"questionaireId":"` + queue + `"}}`)
		if f := carol.expect("error"); f.text("data.code") != "redis_refuses" || f.at("data.retryAfterMs") == nil {
			n.t.Errorf("queueing by a socket: %v", f)
		}
	}
	if r.code == "OOM" {
		n.want(200, n.call("GET", "/v1/tickets/"+bob, ""))
	}

	r.end(n.t, env)
	matchqtest.Eventually(n.t, "the server is ready again", func() bool {
		got := n.call("GET", "/readyz", "")
		return got.status == 200 && got.text("status") == "ready"
	})
	n.logs(refusalEnds, round+1)
	n.post(queue, player("dave"))
	alice.status("MATCHED")
	n.post(queue+"-http", player("erin"))
	if got := n.wait(bob); got.text("state") != "matched" {
		n.t.Errorf("bob's ticket is %s", got.raw)
	}
	report, err := n.matcher.AuditDeep(n.t.Context())
	if err != nil || !report.OK() || report.Waiting != 0 {
		n.t.Errorf("audit: %v, %+v", err, report)
	}
	n.t.Logf("round %d took %v", round+1, time.Since(begun).Round(time.Millisecond))
}

// says waits until /readyz tells of a refusal: 503 with the cause, but 200 if Redis is only full.
func (n *testNode) says(r refusal) {
	n.t.Helper()
	var got response
	matchqtest.Eventually(n.t, "/readyz tells of the refusal", func() bool {
		got = n.call("GET", "/readyz", "")
		return strings.Contains(got.text("detail"), "("+r.code+")")
	})
	switch {
	case r.code == "OOM" && (got.status != 200 || got.text("status") != "degraded"),
		r.code != "OOM" && (got.status != 503 || got.text("code") != "redis_refuses" || got.header.Get("Retry-After") == ""):
		n.t.Errorf("/readyz: %d %s", got.status, got.raw)
	}
}

// A Redis that is full at the start has a server that cancels.
func TestStartWhileFull(t *testing.T) {
	t.Parallel()
	env := restricted(t)
	do(t, env, "CONFIG SET maxmemory 1")
	n := start(t, env, "--rate-limit", "1000/s")
	n.says(refusal{code: "OOM"})
	do(t, env, "CONFIG SET maxmemory 0")
	n.post("q", `"alice"`)
}
