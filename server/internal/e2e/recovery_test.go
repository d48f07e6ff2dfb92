package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// recovering is a client 4 that recovers by itself.
type recovering struct {
	*rawSocket
	pid string
}

// recoverAs connects a player who had a pid and an offset, each "" for none.
func (n *testNode) recoverAs(player, pid, offset string) *recovering {
	n.t.Helper()
	s := n.dialEngine4()
	asks := `"recover":true`
	if pid != "" {
		asks = `"pid":"` + pid + `"`
	}
	if offset != "" {
		asks += `,"offset":"` + offset + `"`
	}
	s.send(`40/sunapp,{"token":"` + tokenOf(n.t, player) + `",` + asks + `}`)
	welcome := s.next()
	_, got, ok := strings.Cut(strings.TrimSuffix(welcome, `"}`), `"pid":"`)
	if !ok {
		n.t.Fatalf("welcomed by %s", welcome)
	}
	return &recovering{s, got}
}

// queue queues the player.
func (c *recovering) queue(name string) {
	c.t.Helper()
	c.send(`42/sunapp,["create_general_game_match",{"questionaireId":"` + name + `"}]`)
	c.expect(`42/sunapp,["match_status",{"status":"PUSHED_TO_QUEUE",…`)
}

// hears waits for an event with a status and returns its seq.
func (c *recovering) hears(status string) (seq string) {
	c.t.Helper()
	got := c.next()
	at := strings.LastIndex(got, `,"`)
	if !strings.HasPrefix(got, `42/sunapp,["match_status",`) || !strings.Contains(got, `"status":"`+status+`"`) || !strings.HasSuffix(got, `"]`) {
		c.t.Fatalf("got %s, want %s with a seq", got, status)
	}
	return got[at+2 : len(got)-2]
}

// hearsNothing checks that the client has heard all.
func (c *recovering) hearsNothing() {
	c.t.Helper()
	c.send(`42/sunapp,["check_socket_id"]`)
	c.expect(`42/sunapp,["notify_socket_id",{"sid":"SID"}]`)
}

// breaks ends the connection without a farewell.
func (c *recovering) breaks() { _ = c.conn.Close() }

// A client that has had no push yet recovers what it missed, on another node too, however its own ended.
func TestRecoveryBeforeTheFirstPush(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		args := guarded("--grace", "20s")
		two := start(t, env, args...)
		stopped := start(t, env, args...)
		killed, kill := startProcess(t, env, args...)
		for _, c := range []struct {
			name  string
			first *testNode
			end   func(*recovering)
		}{
			{"broken", two, (*recovering).breaks},
			{"stopped", stopped, func(*recovering) { stopped.stop() }},
			{"killed", killed, func(*recovering) { kill() }},
		} {
			alice := c.first.recoverAs("alice "+c.name, "", "")
			alice.queue(c.name)
			c.end(alice)
			bob := two.recoverAs("bob "+c.name, "", "")
			bob.queue(c.name)
			if _, err := two.matcher.Tick(t.Context(), c.name); err != nil {
				t.Fatal(err)
			}
			bob.hears("MATCHED")
			back := two.recoverAs("alice "+c.name, alice.pid, "")
			if back.pid != alice.pid {
				t.Errorf("%s: the pid is %s and was %s: the client does not know that it has recovered", c.name, back.pid, alice.pid)
			}
			seq := back.hears("MATCHED")
			back.hearsNothing()
			back.breaks()
			again := two.recoverAs("alice "+c.name, back.pid, seq)
			if again.pid != back.pid {
				t.Errorf("%s: nothing was missed, but the pid is %s and was %s", c.name, again.pid, back.pid)
			}
			again.hearsNothing()
		}
	})
}

// A client recovers after a silence that outlasts its mailbox, unless another client of the player came meanwhile: that
// one may have had messages that are gone.
func TestRecoveryAfterASilence(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n := start(t, env, guarded("--grace", "20s")...)
		forget := func() {
			if err := env.Client.Del(t.Context(), n.matcher.HashTag()+":mailbox:alice").Err(); err != nil {
				t.Fatal(err)
			}
		}
		cancelled := func() {
			ticket, err := n.matcher.TicketOf(t.Context(), "alice")
			if err == nil {
				err = n.matcher.Cancel(t.Context(), ticket.ID, "test")
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		alice := n.recoverAs("alice", "", "")
		alice.queue("q")
		cancelled()
		seq := alice.hears("CANCELLED")
		alice.queue("q")
		forget()
		alice.breaks()
		cancelled()
		matchqtest.Eventually(t, "the message is there", func() bool {
			missed, _, err := n.presence.Mailbox(t.Context(), "alice", "0-0")
			return err == nil && len(missed) == 1
		})
		back := n.recoverAs("alice", alice.pid, seq)
		if back.pid != alice.pid {
			t.Errorf("the pid is %s and was %s", back.pid, alice.pid)
		}
		seq = back.hears("CANCELLED")
		back.hearsNothing()

		back.breaks()
		other := n.recoverAs("alice", "", "")
		other.breaks()
		forget()
		late := n.recoverAs("alice", back.pid, seq)
		if late.pid == back.pid {
			t.Error("another client was there, but the client counts as recovered")
		}
		late.hearsNothing()
	})
}

// Without a token the server knows no player to recover for. Seqs are there for resume.
func TestRecoveryWithoutToken(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--interval", "1h", "--grace", time.Minute.String())
	s := n.dialEngine4()
	s.send(`40/sunapp,{"recover":true}`)
	s.expect(`40/sunapp,{"sid":"SID"}`)
	s.send(`42/sunapp,["create_general_game_match",{"userId":17,"questionaireId":"q"}]`)
	s.expect(`42/sunapp,["match_status",{"status":"PUSHED_TO_QUEUE",…`)
	n.post("q", `18`)
	if _, err := n.matcher.Tick(t.Context(), "q"); err != nil {
		t.Fatal(err)
	}
	(&recovering{s, ""}).hears("MATCHED")
}
