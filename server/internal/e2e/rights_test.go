package e2e_test

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/app"
	"github.com/matchq/matchq/server/internal/base/flags"
)

// rights are the arguments of the README's ACL SETUSER after the user's name, for a namespace.
func rights(t *testing.T, namespace string) []string {
	t.Helper()
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`ACL SETUSER matchq (on >PASSWORD .*?)\n`).FindSubmatch(readme)
	if line == nil {
		t.Fatal("the README has no ACL SETUSER")
	}
	return strings.Fields(strings.ReplaceAll(string(line[1]), "{matchq}", "{"+namespace+"}"))
}

// setUser sets the rights of the Redis user matchq, anew.
func setUser(t *testing.T, env *matchqtest.Env, rules ...string) {
	t.Helper()
	args := []any{"ACL", "SETUSER", "matchq", "reset"}
	for _, rule := range rules {
		args = append(args, rule)
	}
	if err := env.Client.Do(t.Context(), args...).Err(); err != nil {
		t.Fatal(err)
	}
}

// restricted is a Redis of the test's own, whose URL is that of a user with exactly the README's rights. Its Client may do
// everything.
func restricted(t *testing.T) *matchqtest.Env {
	t.Helper()
	env := matchqtest.Real(t)
	setUser(t, env, rights(t, env.Namespace)...)
	env.URL = strings.Replace(env.URL, "redis://", "redis://matchq:PASSWORD@", 1)
	return env
}

// The rights in the README suffice for everything that players and operators do.
func TestRestrictedRedisUser(t *testing.T) {
	t.Parallel()
	env := restricted(t)
	n := start(t, env, "--rate-limit", "3/h", "--ready-timeout", "60s", "--match-size", "2")
	alice, bob := n.dial(), n.dial()
	alice.create(`"history"`, `"alice"`)
	bob.create(`"history"`, `"bob"`)
	match := alice.hears("match_proposed").text("data.matchId")
	bob.hears("match_proposed")
	for _, s := range []*socket{alice, bob} {
		s.emit("accept_match", object{"matchId": match})
	}
	room := alice.status("MATCHED").text("data.roomId")
	bob.status("MATCHED")
	for _, s := range []*socket{alice, bob} {
		s.emit("request_question", object{"roomId": room, "questionaireId": "history", "limit": 1})
		s.hears("get_match_question")
	}
	alice.emit("end_game_playing", object{"roomId": room})
	bob.hears("game_over")
	bob.emit("get_state", object{})
	bob.hears("state")

	alice.emit("request_friend_game_matching", object{"friendUserId": "bob"})
	invitation := bob.hears("request_game_match_to_friend").text("data.roomId")
	bob.emit("decline_friend_request", object{"roomId": invitation})
	bob.hears("friend_request_declined")
	id := n.post("history", `"carol"`).text("id")
	n.want(204, n.call("DELETE", "/v1/tickets/"+id, ""))
	for i, status := range []int{201, 429} { // alice had two tickets and invitations
		got := n.call("POST", "/v1/queues/history/tickets", `{"player":"alice"}`)
		if got.status != status {
			t.Errorf("request %d of alice: %d %s", i+1, got.status, got.raw)
		}
	}
	for _, path := range []string{"/v1/queues", "/v1/stats", "/v1/admin/audit", "/v1/admin/nodes", "/metrics", "/readyz"} {
		n.want(200, n.call("GET", path, ""))
	}
	for _, action := range []string{"pause", "resume", "drain"} {
		n.want(200, n.call("POST", "/v1/admin/queues/history/"+action, ""))
	}
	if first := <-n.follow("/v1/dashboard/events").events; first.name != "snapshot" {
		t.Errorf("the dashboard gets %+v", first)
	}

	n.stop() // gives up the lease
	denied, err := env.Client.Do(t.Context(), "ACL", "LOG").Slice()
	if err != nil || len(denied) > 0 {
		t.Errorf("Redis refused %v, %v", denied, err)
	}
	for _, key := range env.Client.Keys(t.Context(), "*").Val() {
		if !strings.HasPrefix(key, "{"+env.Namespace+"}:") {
			t.Errorf("the key %s is outside the namespace", key)
		}
	}
}

// A cluster asks for two rights more.
func TestRestrictedRedisUserInACluster(t *testing.T) {
	t.Parallel()
	server := matchqtest.Start(t, "--cluster-enabled", "yes")
	client := server.Client(t)
	if err := client.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	matchqtest.Eventually(t, "the cluster works", func() bool { return client.Set(t.Context(), "k", 1, 0).Err() == nil })
	env := &matchqtest.Env{Client: client, Namespace: "cluster", URL: "redis+cluster://matchq:PASSWORD@" + server.Addr, Server: server}
	setUser(t, env, append(rights(t, env.Namespace), "+cluster|slots", "+command")...)
	n := start(t, env, "--rate-limit", "1/h")
	alice, bob := n.dial(), n.dial()
	alice.create(`"q"`, `"alice"`)
	bob.create(`"q"`, `"bob"`)
	alice.status("MATCHED")
	bob.status("MATCHED")
	bob.refused("rate_limited", `{"event":"create_general_game_match","data":{"questionaireId":"q"}}`)
	n.stop()
	if denied, err := client.Do(t.Context(), "ACL", "LOG").Slice(); err != nil || len(denied) > 0 {
		t.Errorf("Redis refused %v, %v", denied, err)
	}
}

// startFails is the error with which a server does not start.
func startFails(t *testing.T, url, namespace string) string {
	t.Helper()
	f, err := flags.Parse([]string{"--addr", "127.0.0.1:0", "--redis", url, "--namespace", namespace}, io.Discard, io.Discard, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = app.Start(t.Context(), app.NewConfig(f, slog.New(newJournal())))
	if err == nil {
		t.Fatal("the server starts")
	}
	return err.Error()
}

// A server that could not work does not start, and names the missing rights.
func TestStartWithoutRights(t *testing.T) {
	t.Parallel()
	env := restricted(t)
	all := rights(t, env.Namespace)
	for _, c := range []struct {
		name  string
		rules []string
		wants []string
	}{
		{"other keys", []string{"resetkeys", "~other:*"}, []string{"refuses to write keys of {" + env.Namespace + "}:*", "README"}},
		{"no channels", []string{"resetchannels"}, []string{"refuses to publish", "README"}},
		{"no SUBSCRIBE", []string{"-subscribe"}, []string{"refuses to subscribe", "subscribe", "README"}},
		{"no scripts", []string{"-eval", "-evalsha"}, []string{"refuses to count rate limits", "README"}},
		{"no PING", []string{"-ping"}, []string{"refuses", "README"}},
		{"another password", []string{"resetpass", ">other"}, []string{"refuses", "WRONGPASS", "--redis"}},
	} {
		setUser(t, env, slices.Concat(all, c.rules)...)
		got := startFails(t, env.URL, env.Namespace)
		for _, want := range c.wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q does not say %q", c.name, got, want)
			}
		}
		if strings.Contains(got, "PASSWORD") {
			t.Errorf("%s: the password is shown: %s", c.name, got)
		}
	}

	replica := matchqtest.Real(t)
	if err := replica.Client.Do(t.Context(), "REPLICAOF", "127.0.0.1", "1").Err(); err != nil {
		t.Fatal(err)
	}
	if got := startFails(t, replica.URL, replica.Namespace); !strings.Contains(got, "primary") {
		t.Errorf("a replica: %s", got)
	}
}

// At its start the server warns of a policy that drops tickets.
func TestEvictionPolicyWarning(t *testing.T) {
	t.Parallel()
	const warning = "a full Redis drops keys, and tickets with them: set maxmemory-policy noeviction"
	for policy, warns := range map[string]bool{"noeviction": false, "allkeys-lru": true, "volatile-ttl": true} {
		env := restricted(t)
		if err := env.Client.ConfigSet(t.Context(), "maxmemory-policy", policy).Err(); err != nil {
			t.Fatal(err)
		}
		if n := start(t, env); n.log.has(warning) != warns {
			t.Errorf("%s: the log is %s", policy, n.log.text())
		}
	}
	env := restricted(t)
	setUser(t, env, append(rights(t, env.Namespace), "-info")...)
	if n := start(t, env); n.log.has(warning) {
		t.Errorf("unknown: the log is %s", n.log.text())
	}
}

// A guest can fill a bounded part of Redis, by every transport. Players have the library's limit.
func TestGuestAttributes(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded("--demo")...)
	guest := func() string { return n.want(201, n.call("POST", "/v1/demo/guest", "")).text("token") }
	attributes := func(size int) string { return `"` + strings.Repeat("x", size-2) + `"` }
	post := func(token string, size int) response {
		return n.as(token, "POST", "/v1/queues/q/tickets", `{"attributes":`+attributes(size)+`}`)
	}
	token := guest()
	if got := n.want(422, post(token, 513)); got.text("code") != "invalid" || !strings.Contains(got.text("detail"), "512") {
		t.Errorf("got %s", got.raw)
	}
	n.want(201, post(token, 512))
	n.want(201, post(tokenOf(t, "alice"), 4096))

	frame := func(size int) string {
		return fmt.Sprintf(`{"event":"create_general_game_match","data":{"questionaireId":"q","attributes":%s}}`, attributes(size))
	}
	s := n.dialAs(guest())
	s.refused("invalid", frame(513))
	s.send(frame(512))
	s.status("PUSHED_TO_QUEUE")
}
