package browser_test

import (
	"strconv"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// A reader finds a call and an event on the page of the API, with keys alone, and the data of each.
func TestAPIPage(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t), "--path-prefix", "/games")
	p := s.open("/")
	p.click(`a[href="api"]`)
	p.until(`location.pathname.endsWith("/api") && document.readyState === "complete"`) // all items are there
	all := eval[int](p, `document.querySelectorAll(".item").length`)

	p.fill("#filter", "idempotency-key")
	p.sees("#found", "found")
	p.until(`[...document.querySelectorAll(".item")].filter((e) => e.checkVisibility()).length < ` + strconv.Itoa(all))
	eval[bool](p, `(document.querySelector("#call-createTicket summary").focus(), true)`)
	p.press(kb.Enter)
	for _, part := range []string{"/v1/queues/{queue}/tickets", "Idempotency-Key", `"rating": 1500`, "already_queued", "Retry-After"} {
		p.sees("#call-createTicket", part)
	}
	p.click(`#call-createTicket a[href="#type-TicketRequest"]`) // the search hides it
	p.sees("#type-TicketRequest", "ttl_ms")
	p.until(`document.querySelector("#filter").value === ""`)

	p.open("/api#event-create_general_game_match")
	for _, part := range []string{"questionaireId", `"event": "create_general_game_match"`, "match_status"} {
		p.sees("#event-create_general_game_match", part)
	}
	eval[bool](p, `document.querySelectorAll(".about, #call-createTicket, #type-Ticket").forEach((e) => { e.open = true; }) || true`)
	for _, scheme := range []string{"light", "dark"} {
		p.scheme(scheme)
		p.accessible("body")
	}
	for _, width := range []int64{360, 768, 1920} {
		p.viewport(width, 800, width == 360)
		p.noSidewaysScroll()
	}
	p.screenshot("api")
}

// The page has every call and event of the documents, and its links lead somewhere.
func TestAPIPageIsWhole(t *testing.T) {
	t.Parallel()
	p := serve(t, matchqtest.Embedded(t)).open("/api")
	missing := eval[[]string](p, `(async () => {
		const [calls, events] = await Promise.all(["openapi.yaml", "asyncapi.yaml"].map(async (path) => (await fetch(path)).text()));
		const wanted = [...calls.matchAll(/operationId: (\w+)/g)].map(([, id]) => "call-" + id)
			.concat([...events.matchAll(/event: \{ const: (\w+) \}/g)].map(([, id]) => "event-" + id));
		const links = [...document.querySelectorAll("main a[href^='#']")].map((e) => e.hash.slice(1));
		return wanted.length < 90 ? ["only " + wanted.length] : [...wanted, ...links].filter((id) => !document.getElementById(id));
	})()`)
	if len(missing) > 0 {
		t.Errorf("the page lacks %q", missing)
	}
	eval[bool](p, `document.querySelectorAll("details").forEach((e) => { e.open = true; }) || true`)
	p.viewport(360, 800, true)
	p.noSidewaysScroll()
}
