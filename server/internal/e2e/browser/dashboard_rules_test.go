package browser_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// setRules sets the rules of a pattern without the page, in the name of an operator; "" deletes them.
func (s *server) setRules(pattern, by, rules string) {
	s.t.Helper()
	method := http.MethodPut
	if rules == "" {
		method = http.MethodDelete
	}
	path := s.url + "/v1/admin/rules/" + url.PathEscape(pattern) + "?by=" + by
	r, err := http.NewRequestWithContext(s.t.Context(), method, path, strings.NewReader(rules))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode > 299 {
		text, _ := io.ReadAll(answer.Body)
		s.t.Fatalf("rules of %s: %d %s", pattern, answer.StatusCode, text)
	}
}

// replaces replaces a part of the rules that are edited, as if it were typed.
func (p *page) replaces(old, typed string) {
	p.t.Helper()
	p.until(element("#rules-json") + ".value.includes(" + quoted(old) + ")")
	eval[bool](p, fmt.Sprintf(`(() => { const e = %s; e.focus(); const at = e.value.indexOf(%s); e.setSelectionRange(at, at + %d); return true; })()`,
		element("#rules-json"), quoted(old), len(old)))
	p.press(typed)
}

// confirms fills in the dialog, and carries out the change.
func (p *page) confirms(pattern, by string) {
	p.t.Helper()
	p.fill("#rules-by", by)
	p.fill("#rules-typed", pattern)
	p.click("#rules-dialog-confirm")
}

// An operator writes rules, which the server checks while they are typed; sees the difference, and confirms; and hears of
// changes that others make meanwhile.
func TestDashboardEditsRules(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t), "--interval", "1h", "--path-prefix", "/ops")
	s.queue("chess/1", "alice")
	s.queue("chess/2", "bob")
	s.queue("history", "carol")
	p := s.dashboard()
	p.expect("422|412|404")
	p.sees("#rules-table", "every 1 h")
	p.sees("#rules-table", "by its flags")
	p.until(`document.querySelector("#rules-table tbody tr").cells[2].textContent === "3"`) // live queues of *

	p.fill("#rules-new", "chess/*\r")
	p.sees("#rules-title-of", "chess/*")
	p.until(`location.hash === "#rules/chess%2F*" && document.activeElement.id === "rules-title-of"`)
	p.sees("#rules-facts", "No rules are set for this pattern")
	p.sees("#rules-check", "They would hold for 2 live queues: chess/1, chess/2.")
	p.replaces(`"size": 2`, `"size": 1`)
	p.sees("#rules-check", "size: must be from 2 to 16, not 1")
	p.until(`document.querySelector("#rules-json").ariaInvalid === "true" && document.querySelector("#rules-save").disabled`)
	p.replaces(`"size": 1`, `"size": 4,, `)
	p.sees("#rules-check", "must be JSON")
	p.replaces(`"size": 4,, `, `"size": 4`)
	p.sees("#rules-diff", `+   "interval": "1h"`)
	p.click("#rules-save")
	p.sees("#rules-dialog", "Set the rules of chess/*")
	p.sees("#rules-dialog-text", "2 live queues")
	p.confirms("chess", "ann")
	p.sees("#rules-dialog-error", "not the pattern")
	p.confirms("chess/*", "ann")
	p.sees("#news", "The rules of chess/* are set on all nodes")
	p.gone("#rules-dialog")
	p.sees("#rules-log li", `ann set chess/*`)
	p.sees("#rules-facts", "Set by ann on")
	p.sees("#rules-queues", "They hold for 2 live queues: chess/1, chess/2.")
	p.sees(`tr[data-queue="chess/1"] .own-rules`, "chess/* · 4 players")
	p.until(`document.querySelector('tr[data-queue="chess/1"]').cells[4].textContent === "needs 3 more"`)
	p.gone(`tr[data-queue="history"] .own-rules`)

	// Others change the same rules while a text stands in the editor.
	p.replaces(`"size": 4`, `"size": 5`)
	p.sees("#rules-diff", `+   "size": 5`)
	s.setRules("chess/*", "bob", `{"size":6}`)
	p.sees("#rules-conflict", "Meanwhile bob set chess/*")
	p.sees("#rules-conflict-diff", `+   "size": 6`)
	p.sees("#rules-diff", `-   "interval": "5s"`) // against the rules now in force
	p.until(`document.querySelector("#rules-json").value.includes('"size": 5')`)

	// And while the dialog is open.
	p.click("#rules-save")
	p.see("#rules-dialog")
	s.setRules("history", "dora", `{"size":3}`)
	p.confirms("chess/*", "ann")
	p.sees("#failures", "somebody else was faster")
	p.sees("#rules-conflict", "Meanwhile dora set history")
	p.sees("#rules-conflict", "as they were")
	p.click("#failures button")
	p.click("#rules-save")
	p.until(`document.querySelector("#rules-by").value === "ann"`) // it is remembered
	p.confirms("chess/*", "ann")
	p.gone("#rules-dialog")
	p.sees(`tr[data-queue="chess/2"] .own-rules`, "chess/* · 5 players")

	// Another pattern, and back: the typed text is kept.
	p.replaces(`"size": 5`, `"size": 7`)
	p.click(`#rules-table a[href="#rules/history"]`)
	p.sees("#rules-title-of", "history")
	p.sees("#rules-facts", "Set by dora")
	p.click(`#rules-table a[href="#rules/chess%2F*"]`)
	p.until(`document.querySelector("#rules-json").value.includes('"size": 7')`)
	p.sees("#rules-diff", `+   "size": 7`)
	p.click("#rules-discard")
	p.until(`document.querySelector("#rules-json").value.includes('"size": 5')`)

	p.click("#rules-delete")
	p.sees("#rules-dialog", "Delete the rules of chess/*")
	p.confirms("chess/*", "ann")
	p.sees("#news", "The rules of chess/* are deleted")
	p.gone("#rules-edit")
	p.sees("#rules-log li", "ann deleted chess/*")
	p.gone(`tr[data-queue="chess/1"] .own-rules`)
	p.click("#rules-log li:nth-child(2) summary") // ann's last change
	p.sees("#rules-log li:nth-child(2)", `+   "size": 5`)
	p.sees("#rules-log li:nth-child(2)", `-   "size": 6`)
}

// The Lua of a policy is edited as it is, not as a string of JSON; a name that is markup stays text; a link opens its rules.
func TestDashboardEditsPolicies(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t), "--interval", "1h")
	const pattern = `<img src=x onerror=alert(1)>*`
	s.setRules(pattern, "<b>ann</b>", `{"policy":"mine","source":"return function(batch, size)\n  return {}\nend"}`)
	p := s.newPage()
	p.expect("422")
	p.open("/dashboard#rules/" + url.PathEscape(pattern))
	p.sees("#rules-title-of", pattern)
	p.sees("#rules-facts", "Set by <b>ann</b>")
	p.until(`document.querySelector("#rules-lua").value.split("\n").length === 3 && !document.querySelector("#rules-json").value.includes("source")`)
	eval[bool](p, `(() => { const e = document.querySelector("#rules-lua"); e.focus(); e.setSelectionRange(31, 31); return true; })()`)
	p.press("oops ")
	p.sees("#rules-check", "source: line 2")
	for range 5 {
		p.press(kb.Backspace)
	}
	p.gone("#rules-diff")
	eval[bool](p, `(() => { const e = document.querySelector("#rules-lua"); e.focus(); e.setSelectionRange(31, 31); return true; })()`)
	p.press("-- nobody\r")
	p.sees("#rules-check", "Right.")
	p.sees("#rules-diff", "+   -- nobody")
	if n := eval[int](p, `document.querySelectorAll("#rules-diff :is([data-kind=added], [data-kind=removed])").length`); n > 3 {
		t.Errorf("the difference has %d lines", n)
	}
	p.click("#rules-discard")
}

// Rules of a newer version can be seen and deleted, but not overwritten by the part that this one understands.
func TestDashboardLeavesUnreadableRules(t *testing.T) {
	t.Parallel()
	env := matchqtest.Embedded(t)
	s := serve(t, env, "--interval", "1h")
	s.setRules("new*", "ann", `{"size":3}`)
	prefix := "{" + env.Namespace + "}:"
	newer := strings.Replace(env.Client.HGet(t.Context(), prefix+"rules", "new*").Val(), `{"`, `{"squads":2,"`, 1)
	for _, err := range []error{
		env.Client.HSet(t.Context(), prefix+"rules", "new*", newer).Err(), env.Client.HSet(t.Context(), prefix+"meta", "rules", "99.newer").Err(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	p := s.open("/dashboard#rules/new*")
	p.sees("#rules-facts", "This server can't read them: ")
	p.sees("#rules-facts", "squads")
	p.sees("#rules-table", "this server can't read them")
	p.until(`document.querySelector("#rules-json").readOnly && document.querySelector("#rules-json").value === "" && document.querySelector("#rules-save").disabled`)
	p.click("#rules-delete")
	p.confirms("new*", "ann")
	p.sees("#news", "are deleted")
	p.sees("#rules-log li", "ann deleted new*")
}

// Readers see no rules; a session that ends keeps the typed text.
func TestDashboardKeepsRulesFromReaders(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t), "--interval", "1h", "--admin-token", adminToken)
	p := s.newPage()
	p.expect("401")
	p.open("/dashboard#rules/*")
	p.live()
	p.sees("#rules-locked", "Only operators")
	p.gone("#rules-all")
	p.click("#rules-locked button")
	p.fill("#token", adminToken)
	p.click("#sign-in-form [type=submit]")
	p.sees("#rules-title-of", "*")
	p.replaces(`"size": 2`, `"size": 3`)
	p.sees("#rules-check", "Right.")
	eval[int](p, `fetch("v1/admin/session", {method: "DELETE"}).then((r) => r.status)`)
	p.replaces(`"size": 3`, `"size": 4`)
	p.gone("#rules-all")
	p.click("#rules-locked button")
	p.fill("#token", adminToken)
	p.click("#sign-in-form [type=submit]")
	p.sees("#rules-check", "Right.")
	p.until(`document.querySelector("#rules-json").value.includes('"size": 4')`)
	p.sees("#rules-diff", `+   "size": 4`)
}
