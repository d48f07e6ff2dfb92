package browser_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

const adminToken = "the admin token of the tests"

// An operator's actions on one node apply on all nodes.
func TestDashboardOperator(t *testing.T) {
	onBoth(t, func(t *testing.T, env *matchqtest.Env) {
		s := serve(t, env, "--interval", "1h")
		other := s // the embedded Redis serves one node only
		if env.Embedded == nil {
			other = serve(t, env, "--interval", "1h")
		}
		other.queue("history", "alice", "bob", "carol")
		p := s.dashboard()
		row := `tr[data-queue="history"]`
		p.sees("#operator-state", "on this machine")
		p.gone("#sign-out")

		p.click(row + ` [data-action="pause"]`)
		p.sees("#news", "Queue history is paused on every node")
		p.sees(row, "paused")
		if status, text := other.post("/v1/queues/history/tickets", `{"player":"dora"}`); status != http.StatusServiceUnavailable || !strings.Contains(text, "queue_paused") {
			t.Errorf("a paused queue answers %d %s", status, text)
		}
		p.click(row + ` [data-action="resume"]`)
		p.sees("#news", "Queue history takes players again")
		p.sees(row, "open")
		other.queue("history", "dora")
		p.tile("waiting", "4")

		p.click(row + ` [data-action="drain"]`)
		p.sees("#drain-dialog", "4 players wait now")
		p.click("#drain-confirm")
		p.sees("#drain-error", "not the queue's name")
		p.fill("#drain-name", "histori")
		p.click("#drain-confirm")
		p.sees("#drain-error", "not the queue's name")
		p.tile("waiting", "4")
		p.fill("#drain-name", "history")
		p.click("#drain-confirm")
		p.sees("#news", "Queue history is drained: 4 tickets were cancelled")
		p.gone("#drain-dialog")
		p.tile("waiting", "0")
		p.sees(row, "empty")
		p.until(`document.querySelector("[data-audit=cancelled]").textContent === "4"`)
	})
}

// A failure is shown until it is closed.
func TestDashboardOperatorFails(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	s := serve(t, env, "--interval", "1h")
	s.queue("history", "alice")
	p := s.dashboard()
	p.see(`tr[data-queue="history"]`)
	p.expect("503")
	env.Server.Kill()
	p.click(`tr[data-queue="history"] [data-action="pause"]`)
	p.sees("#failures", "Could not pause history: ")
	p.click("#failures button")
	p.gone("#failures .toast")
}

// Without the token the page is read-only.
func TestDashboardSignsIn(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t), "--interval", "1h", "--admin-token", adminToken, "--path-prefix", "/ops")
	s.queue("history", "alice")
	p := s.newPage()
	p.expect("401")
	p.open("/dashboard")
	p.live()
	p.sees("#operator-state", "read-only")
	p.see(`tr[data-queue="history"]`)
	p.gone(`tr[data-queue="history"] button`)
	p.gone("#search-form")
	p.sees("#search-locked", "only operators")
	p.tile("nodes", "1")
	p.sees("#nodes-locked", "Operators see each node")
	p.gone("#node-table")

	p.click("#sign-in")
	p.fill("#token", "a wrong token, surely")
	p.click("#sign-in-form [type=submit]")
	p.sees("#sign-in-error", "not the admin token")
	p.fill("#token", adminToken)
	p.click("#sign-in-form [type=submit]")
	p.gone("#sign-in-dialog")
	p.sees("#news", "You are signed in")
	p.see(`tr[data-queue="history"] [data-action="drain"]`)
	p.see("#search-form")
	p.sees("#node-table", "answers you")

	p.reload()
	p.live()
	p.click(`tr[data-queue="history"] [data-action="pause"]`)
	p.sees("#news", "is paused")

	p.click("#sign-out")
	p.sees("#operator-state", "read-only")
	p.gone(`tr[data-queue="history"] button`)
	p.see("#nodes-locked")

	// When a session ends while the page is open, the page asks the operator to sign in again.
	p.click("#sign-in")
	p.fill("#token", adminToken)
	p.click("#sign-in-form [type=submit]")
	p.see(`tr[data-queue="history"] [data-action="resume"]`)
	eval[int](p, `fetch("v1/admin/session", {method: "DELETE"}).then((r) => {
		document.querySelector('tr[data-queue="history"] [data-action="resume"]').click();
		return r.status;
	})`)
	p.sees("#failures", "your session has ended")
	p.see("#sign-in-dialog")

	// The page notices by itself when the session is closed elsewhere.
	p.fill("#token", adminToken)
	p.click("#sign-in-form [type=submit]")
	p.sees("#node-table", "answers you")
	eval[int](p, `fetch("v1/admin/session", {method: "DELETE"}).then((r) => r.status)`)
	p.sees("#failures", "Your session has ended")
	p.sees("#operator-state", "read-only")
	p.see("#nodes-locked")
}

// If sign-in is not possible the page explains the missing setting.
func TestDashboardWithoutToken(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t), "--addr", "0.0.0.0:0", "--insecure")
	s.url = strings.Replace(s.url, "localhost", "127.0.0.1", 1)
	p := s.newPage()
	p.expect("403")
	p.open("/dashboard")
	p.live()
	p.sees("#operator-state", "read-only")
	p.click("#sign-in")
	p.sees("#sign-in-dialog", "--admin-token")
	p.gone("#token")
}

// The search names the nearest player, the rule between the two and the first tick that may match them.
func TestDashboardExplains(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t), "--interval", "1h")
	s.setRules("chess", "ann", `{"interval":"1h","ticket_ttl":"never","rules":[{"name":"skill","type":"distance","max":50,"expand":{"by":1,"every":"1m","to":200}}]}`)
	for player, rating := range map[string]string{"alice": "1000", "bob": "1120", "carol": "5000"} {
		if status, text := s.post("/v1/queues/chess/tickets", `{"player":"`+player+`","rating":`+rating+`}`); status != http.StatusCreated {
			t.Fatalf("%d %s", status, text)
		}
	}
	p := s.dashboard()
	p.expect("404")
	p.fill("#search-for", "alice\r")
	p.sees("#search-why", `the rule "skill" keeps it apart from the nearest, bob (120 away), for another 1h`)
	p.sees("#search-facts", "bob (rating 1120, 120 away)")
	p.sees("#search-facts", "2, 0 may meet it now")
	p.until(`/Earliest match\s+in [12] h \d\d min, if nobody joins/.test(document.querySelector("#search-facts").innerText)`)
	p.fill("#search-for", "carol\r")
	p.sees("#search-why", "it waits for somebody else to join")
	p.until(`!document.querySelector("#search-facts").innerText.includes("Earliest")`)
}

// An operator finds a ticket by its player or its id, and sees the reason why it waits and its events.
func TestDashboardSearch(t *testing.T) {
	onBoth(t, func(t *testing.T, env *matchqtest.Env) {
		s := serve(t, env, "--interval", "1h")
		s.queue("history", "alice")
		p := s.dashboard()
		p.expect("404")
		p.fill("#search-for", "alice\r")
		p.sees("#search-message", "The ticket of alice in queue history is waiting")
		p.sees("#search-why", "players missing for a match: 1")
		p.sees("#search-timeline", "waiting")
		p.sees("#search-timeline", "now")
		id := eval[string](p, `[...document.querySelectorAll("#search-facts div")].find((d) => d.firstChild.textContent === "Ticket").lastChild.textContent`)

		s.queue("history", "bob")                                // the page refreshes by itself
		p.sees("#search-why", "it expires at the next tick, in") // its time is a minute, and the window an hour
		p.sees("#search-facts", "at the next tick, in")
		if _, err := s.matcher(env).Tick(t.Context(), "history"); err != nil {
			t.Fatal(err)
		}
		p.sees("#search-message", "is matched")
		p.gone("#search-why")
		p.sees("#search-timeline li:last-child", "matched")

		p.fill("#search-for", "nobody\r")
		p.sees("#search-message", "Nothing is known")
		p.gone("#search-result")
		p.fill("#search-for", id+"\r")
		p.sees("#search-message", "The ticket of alice in queue history is matched")
	})
}
