package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// told waits for a status of a ticket.
func (s *socket) told(status, ticket string) object {
	s.t.Helper()
	got := s.status(status)
	if id := got.text("data.ticketId"); id != "" && id != ticket {
		s.t.Errorf("%s is about %s, want %s", status, id, ticket)
	}
	return got
}

// A ticket that came by HTTP is told to the player's connection, on whatever node that is.
func TestTicketsByHTTPAreTold(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		one, two := start(t, env, "--interval", "1h"), start(t, env, "--interval", "1h", "--grace", "1h")
		alice, bob := two.online(`"alice"`), one.online(`"bob"`)

		id := one.post("q", `"alice"`).text("id")
		got := alice.told("PUSHED_TO_QUEUE", id)
		if got.text("data.queue") != "q" || fmt.Sprint(got.at("data.waiting")) != "1" {
			t.Errorf("queued: %v", got)
		}
		batch := one.want(http.StatusOK, one.call("POST", "/v1/tickets/batch", `{"tickets":[{"queue":"q","player":"bob"},{"queue":"q","player":"carol"}]}`))
		bob.told("PUSHED_TO_QUEUE", batch.text("results.0.ticket.id"))
		if _, err := one.matcher.Tick(t.Context(), "q"); err != nil {
			t.Fatal(err)
		}
		if a, b := alice.told("MATCHED", id), bob.told("MATCHED", ""); a.text("data.matchId") != b.text("data.matchId") || a.text("seq") == "" {
			t.Errorf("matched: %v and %v", a, b)
		}

		id = one.post("other", `"alice"`).text("id")
		alice.told("PUSHED_TO_QUEUE", id)
		one.want(http.StatusNoContent, one.call("DELETE", "/v1/tickets/"+id, ""))
		if got := alice.told("CANCELLED", id); got.text("data.reason") != "requested" {
			t.Errorf("cancelled: %v", got)
		}
		inTime(t, 50*time.Millisecond, func(ttl time.Duration) (before time.Time, ok bool) {
			before = time.Now()
			id = one.want(http.StatusCreated, one.call("POST", "/v1/queues/other/tickets", fmt.Sprintf(`{"player":"alice","ttl_ms":%d}`, ttl.Milliseconds()))).text("id")
			ok = alice.expect("match_status").text("data.status") == "PUSHED_TO_QUEUE" // before it expires
			return before, ok
		})
		matchqtest.Eventually(t, "the ticket expires", func() bool {
			_, err := one.matcher.Tick(t.Context(), "other")
			got, err2 := one.matcher.Ticket(t.Context(), id)
			return err == nil && err2 == nil && got.State == matchq.Expired
		})
		alice.told("EXPIRED", id)
		alice.quiet()
		bob.quiet()

		// Carol is connected nowhere, so nothing is kept for her.
		carol := batch.text("results.1.ticket.id")
		one.want(http.StatusNoContent, one.call("DELETE", "/v1/tickets/"+carol, ""))
		id = one.post("last", `"alice"`).text("id")
		one.want(http.StatusNoContent, one.call("DELETE", "/v1/tickets/"+id, ""))
		alice.told("PUSHED_TO_QUEUE", id)
		alice.told("CANCELLED", id) // of a later event than hers
		if kept, _, err := one.presence.Mailbox(t.Context(), "carol", "0-0"); err != nil || len(kept) > 0 {
			t.Errorf("for nobody: %v, %v", kept, err)
		}
	})
}

// A player who connects after the ticket was made hears of it, and the ticket does not hang on the connection.
func TestTicketsByHTTPAreToldOnConnecting(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		args := guarded("--grace", "100ms")
		one, two := start(t, env, args...), start(t, env, args...)
		patient := start(t, env, guarded("--grace", "1h")...)
		post := func(player string) string {
			path, body := "/v1/queues/q/tickets", `{"player":"`+player+`"}`
			return one.want(http.StatusCreated, one.as(tokenOf(t, player), "POST", path, body)).text("id")
		}
		id := post("alice")
		first := two.dialAs(tokenOf(t, "alice"))
		first.told("PUSHED_TO_QUEUE", id)
		first.send(`{"event":"connection_queue","data":{}}`)
		first.told("PUSHED_TO_QUEUE", id) // an answer
		_ = first.conn.Close()
		matchqtest.Eventually(t, "the player is gone", func() bool {
			found, err := one.presence.Online(t.Context(), "alice")
			return err == nil && found[0] == nil
		})
		alice := two.dialAs(tokenOf(t, "alice"))
		alice.told("PUSHED_TO_QUEUE", id)
		bob := post("bob")
		if _, err := one.matcher.Tick(t.Context(), "q"); err != nil {
			t.Fatal(err)
		}
		alice.told("MATCHED", id)
		alice.quiet()

		// Bob missed all, but not for long.
		late := patient.dialAs(tokenOf(t, "bob"))
		late.told("PUSHED_TO_QUEUE", bob)
		late.told("MATCHED", bob)
		late.quiet()
	})
}

// The news of a ready check goes to the connection too.
func TestProposalsOfTicketsByHTTPAreTold(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--interval", "1h", "--ready-timeout", "1h")
	alice, bob := n.online(`"alice"`), n.online(`17`)
	ids := map[*socket]string{alice: n.post("q", `"alice"`).text("id"), bob: n.post("q", `17`).text("id")}
	for s, id := range ids {
		s.told("PUSHED_TO_QUEUE", id)
	}
	if _, err := n.matcher.Tick(t.Context(), "q"); err != nil {
		t.Fatal(err)
	}
	match := alice.expect("match_proposed").text("data.matchId")
	bob.expect("match_proposed")
	bob.send(`{"event":"decline_match","data":{"matchId":"` + match + `"}}`)
	bob.told("CANCELLED", ids[bob])
	alice.told("RESTORED", ids[alice])
	alice.quiet()
}

// Each client hears that it is queued, once, before it hears of the match, however soon that is.
func TestQueuedBeforeMatched(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		one, two := start(t, env, "--interval", "0"), start(t, env, "--interval", "0")
		const players = 20
		sockets, tickets := make([]*socket, players), make([]string, players)
		for i := range sockets {
			sockets[i] = []*testNode{one, two}[i%2].online(fmt.Sprint(i))
		}
		requests := make([]string, players)
		for i := range requests {
			requests[i] = fmt.Sprintf(`{"queue":"q","player":%d}`, i)
		}
		made := one.want(http.StatusOK, one.call("POST", "/v1/tickets/batch", `{"tickets":[`+strings.Join(requests, ",")+`]}`))
		results, _ := made.at("results").([]any)
		for i, r := range results {
			tickets[i] = object(r.(map[string]any)).text("ticket.id")
		}
		for i, s := range sockets {
			s.told("PUSHED_TO_QUEUE", tickets[i])
			s.told("MATCHED", tickets[i])
			s.quiet()
		}
	})
}
