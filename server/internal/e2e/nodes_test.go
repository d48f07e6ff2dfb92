package e2e_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/app"
	"github.com/matchq/matchq/server/internal/base/flags"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// processArgs is the environment variable that makes the test binary a server: a separate process, to be killed.
const processArgs = "MATCHQ_TEST_SERVER"

// processWaits is set for a server whose Redis answers always.
const processWaits = "MATCHQ_TEST_SERVER_WAITS"

// beServer runs a server until it is killed, or interrupted.
func beServer(args string) error {
	f, err := flags.Parse(strings.Split(args, "\n"), io.Discard, io.Discard, nil)
	if err != nil {
		return err
	}
	if os.Getenv(processWaits) != "" {
		f.CallTimeout = patience
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	n, err := startApp(ctx, app.NewConfig(f, slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	fmt.Println(n.URL())
	return n.Run(ctx)
}

// startProcess starts a server as a process and returns it with a function that kills it.
func startProcess(t *testing.T, env *matchqtest.Env, args ...string) (n *testNode, kill func()) {
	t.Helper()
	args = append([]string{
		"--addr", "127.0.0.1:0", "--redis", urlOf(env), "--namespace", env.Namespace, "--interval", "40ms", "--rate-limit", "off",
	}, args...)
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), processArgs+"="+strings.Join(args, "\n"))
	if answersAlways(env) {
		cmd.Env = append(cmd.Env, processWaits+"=1")
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(kill)
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the server did not start: %v", err)
	}
	return &testNode{t: t, url: strings.TrimSpace(url)}, kill
}

// finds sends connection_queue, and reports whether the answer is that a ticket waits.
func (s *socket) finds(player, ticket string) bool {
	s.t.Helper()
	s.send(`{"event":"connection_queue","data":{"userId":` + player + `},"id":1}`)
	f := s.next("match_status")
	if f.text("data.status") != "PUSHED_TO_QUEUE" || f.text("data.ticketId") != ticket {
		return false
	}
	s.expect("ack")
	return true
}

// queued sends connection_queue and returns the id of the waiting ticket.
func (s *socket) queued(player string) string {
	s.t.Helper()
	s.send(`{"event":"connection_queue","data":{"userId":` + player + `},"id":1}`)
	id := s.status("PUSHED_TO_QUEUE").text("data.ticketId")
	s.expect("ack")
	return id
}

func TestPlayersOfTwoNodesAreMatched(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		one, two := start(t, env), start(t, env)
		a, b := one.dial(), two.dial()
		a.send(`{"event":"check_socket_id"}`)
		sid := a.expect("notify_socket_id").text("data.sid")
		a.create(`"q"`, `"alice"`)
		b.create(`"q"`, "17")
		forA, forB := a.status("MATCHED"), b.status("MATCHED")
		if forA.text("data.matchId") != forB.text("data.matchId") || forB.text("data.user1.sid") != sid || forA.text("seq") == "" {
			t.Errorf("got %v and %v", forA, forB)
		}
	})
}

// A player who moves to another node within the grace keeps the ticket, and one who then stays away loses it.
func TestAPlayerMoves(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	var one, two *testNode
	var again *socket
	var id string
	inTime(t, 400*time.Millisecond, func(grace time.Duration) (before time.Time, ok bool) {
		env.Namespace += "-again"
		one = start(t, env, "--interval", "1h", "--grace", grace.String())
		two = start(t, env, "--interval", "1h", "--grace", grace.String())
		a := one.dial()
		id = a.create(`"q"`, `"alice"`)
		before = time.Now()
		_ = a.conn.Close()
		again = two.dial()
		return before, again.finds(`"alice"`, id)
	})
	marker := one.dial()
	markerID := marker.create(`"q"`, `"marker"`) // whose grace begins later
	_ = marker.conn.Close()
	one.wait(markerID)
	if got := one.call("GET", "/v1/tickets/"+id, ""); got.text("state") != "waiting" {
		t.Errorf("got %s", got.raw)
	}
	_ = again.conn.Close()
	if got := one.wait(id); got.text("state") != "cancelled" {
		t.Errorf("got %s", got.raw)
	}
	if got, err := two.matcher.Ticket(t.Context(), id); err != nil || got.Reason != matchq.ReasonDisconnected {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestOneConnectionAPlayerOnAllNodes(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		one, two := start(t, env, "--grace", "10ms"), start(t, env, "--grace", "10ms")
		first := one.dial()
		id := first.create(`"q"`, "17")
		second := two.dial()
		if got := second.queued("17"); got != id {
			t.Errorf("got %s, want %s", got, id)
		}
		first.expectClose(sessions.CloseReplaced)
		two.post("q", `"bob"`)
		second.status("MATCHED")
	})
}

// A node is killed: players who reconnect elsewhere keep their tickets, the others lose them.
func TestANodeIsKilled(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	dying, kill := startProcess(t, env, "--interval", "1h", "--grace", "300ms")
	other := start(t, env, "--interval", "1h", "--grace", "300ms")
	a, b := dying.dial(), dying.dial()
	kept, lost := a.create(`"q"`, `"alice"`), b.create(`"q"`, `"bob"`)
	kill()
	again := other.dial()
	if got := again.queued(`"alice"`); got != kept {
		t.Errorf("got %s, want %s", got, kept)
	}
	if got := other.wait(lost); got.text("state") != "cancelled" {
		t.Errorf("got %s", got.raw)
	}
	if got := other.call("GET", "/v1/tickets/"+kept, ""); got.text("state") != "waiting" {
		t.Errorf("got %s", got.raw)
	}
	matchqtest.Eventually(t, "only the other node is left", func() bool {
		nodes, err := other.presence.Nodes(t.Context())
		return err == nil && len(nodes) == 1 && nodes[0].Connections == 1
	})
}

// Missed messages arrive on another node, in order, and live ones follow.
func TestResume(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		one, two := start(t, env, "--ticket-ttl", "50ms"), start(t, env, "--ticket-ttl", "50ms")
		a := one.dial()
		a.create(`"q"`, `"alice"`)
		first := a.status("EXPIRED")
		missed := a.create(`"q"`, `"alice"`)
		_ = a.conn.Close()
		matchqtest.Eventually(t, "the message is posted", func() bool {
			got, _, err := two.presence.Mailbox(t.Context(), "alice", first.text("seq"))
			return err == nil && len(got) == 1
		})
		again := two.dial()
		again.send(fmt.Sprintf(`{"event":"resume","data":{"userId":"alice","lastSeq":%q},"id":1}`, first.text("seq")))
		if f := again.expect("resumed"); f.at("data.recovered") != true {
			t.Errorf("got %v", f)
		}
		again.expect("ack")
		last := again.status("EXPIRED")
		if last.text("data.ticketId") != missed || last.text("seq") == first.text("seq") {
			t.Errorf("got %v", last)
		}
		again.send(`{"event":"connection_queue","id":1}`)
		again.expect("ack") // it has the message
		again.create(`"q"`, `"alice"`)
		again.status("EXPIRED")
		again.send(fmt.Sprintf(`{"event":"resume","data":{"lastSeq":%q}}`, last.text("seq")))
		if f := again.expect("resumed"); f.at("data.recovered") != true {
			t.Errorf("got %v", f)
		}
		again.quiet() // it got the message before
		for _, seq := range []string{"", "what?", "1-1"} {
			third := one.dial()
			third.send(fmt.Sprintf(`{"event":"resume","data":{"userId":"bob","lastSeq":%q}}`, seq))
			if f := third.expect("resumed"); f.at("data.recovered") != false {
				t.Errorf("after %q: %v", seq, f)
			}
		}
		stranger := one.dial()
		stranger.send(`{"event":"resume","data":{"lastSeq":"1-1"}}`)
		if f := stranger.expect("error"); f.text("data.code") != "invalid" {
			t.Errorf("got %v", f)
		}
	})
}

func TestGetState(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	one, two := start(t, env), start(t, env)
	a := one.dial()
	a.send(`{"event":"get_state","data":{"userId":17},"id":1}`)
	if f := a.expect("state"); f.at("data.ticket") != nil || f.at("data.match") != nil {
		t.Errorf("got %v", f)
	}
	a.expect("ack")
	id := a.create(`7`, "17")
	b := two.dial()
	b.send(`{"event":"get_state","data":{"userId":17}}`)
	if f := b.expect("state"); f.text("data.ticket.ticketId") != id || f.at("data.ticket.queue") == "7" {
		t.Errorf("got %v", f)
	}
	a.expectClose(sessions.CloseReplaced)
	one.post("7", `"bob"`)
	match := b.status("MATCHED").text("data.matchId")
	b.send(`{"event":"get_state"}`)
	f := b.expect("state")
	if f.text("data.match.matchId") != match || f.at("data.ticket") != nil {
		t.Errorf("got %v", f)
	}
	b.send(fmt.Sprintf(`{"event":"end_game_playing","data":{"roomId":%q}}`, f.text("data.match.roomId")))
	b.expect("opponent_away") // bob came by HTTP
	b.expect("game_over")
	b.send(`{"event":"get_state"}`)
	if f := b.expect("state"); f.at("data.match") != nil {
		t.Errorf("it is over: %v", f)
	}
}

// The largest possible match reaches its players.
func TestManyLargeAttributes(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--match-size", "16", "--interval", "0")
	attributes := `"` + strings.Repeat("<", matchq.MaxAttributes-2) + `"`
	var sockets []*socket
	for i := range 16 {
		s := n.dial()
		s.send(fmt.Sprintf(`{"event":"create_general_game_match","data":{"userId":%d,"questionaireId":"q","attributes":%s}}`, i, attributes))
		s.status("PUSHED_TO_QUEUE")
		sockets = append(sockets, s)
	}
	for _, s := range sockets {
		if f := s.status("MATCHED"); len(f.text("data.user16.attributes")) != matchq.MaxAttributes-2 {
			t.Errorf("user16 is %v", f.at("data.user16.id"))
		}
	}
}
