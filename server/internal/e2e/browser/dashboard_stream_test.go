package browser_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// An open page finds a restarted server again, and still has the earlier history.
func TestDashboardOverRestart(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	s := serve(t, env, "--interval", "1h")
	p := s.dashboard()
	p.click(`[data-chart="flow"] summary`)
	p.see(`[data-chart="flow"] tbody tr`) // the history has begun
	s.queue("history", "alice", "bob")
	enqueued := `[...document.querySelectorAll("[data-chart=flow] tbody tr")].reduce((sum, row) => sum + Number(row.cells[1].textContent), 0)`
	p.until(enqueued + " === 2")
	p.expect("ERR_|503") // while the server is away
	s.stop()
	p.sees("#link", "reconnecting")
	p.sees(".as-of", "as of ")
	p.sees(`tr[data-queue="history"]`, "history") // the last known state
	s.restart()
	p.live()
	p.gone(".as-of")
	p.tile("waiting", "2")
	s.queue("history", "carol")
	p.tile("waiting", "3")
	p.until(enqueued + " === 3")
}

// The page reports an outage of Redis and its end.
func TestDashboardWithoutRedis(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	s := serve(t, env, "--interval", "1h")
	s.queue("history", "alice")
	p := s.dashboard()
	p.tile("waiting", "1")
	p.expect("503") // from requests that the page still makes
	env.Server.Kill()
	p.sees("#link", "Redis is down")
	p.sees("#banner", "Redis does not answer")
	p.sees("#redis-state", "does not answer")
	p.tile("waiting", "1")
	p.sees(".as-of", "as of ")
	p.noSidewaysScroll()
	env.Server.Restart()
	p.live()
	p.gone("#banner")
	p.gone(".as-of")
	p.tile("waiting", "0") // it kept nothing
}

// gate is a proxy before a server that strips a prefix, counts streams and can refuse them.
type gate struct {
	*httptest.Server

	streams atomic.Int32
	opened  atomic.Int32
	refuse  atomic.Int32 // status
	says    atomic.Value // a string that replaces the stream, until opens
	opens   atomic.Bool
}

func (s *server) behindGate() *gate {
	s.t.Helper()
	target, err := url.Parse(s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	g := &gate{}
	g.Server = httptest.NewServer(http.StripPrefix("/behind", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/dashboard/events") {
			if status := g.refuse.Load(); status != 0 {
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(int(status))
				return
			}
			if text, ok := g.says.Load().(string); ok && !g.opens.Load() {
				w.Header().Set("Content-Type", "text/event-stream")
				_, _ = io.WriteString(w, text)
				w.(http.Flusher).Flush()
				<-r.Context().Done()
				return
			}
			g.opened.Add(1)
			g.streams.Add(1)
			defer g.streams.Add(-1)
		}
		proxy.ServeHTTP(w, r)
	})))
	s.t.Cleanup(g.Close)
	s.t.Cleanup(g.CloseClientConnections)
	return g
}

// unreached is the first event of a server that has not reached Redis.
const unreached = "event: snapshot\ndata: " + `{"now":null,"config":{"interval_ms":5000,"match_size":2,"ready_timeout_ms":0,"version":"dev","node":"a"},` +
	`"totals":{"waiting":0,"proposed":0,"enqueued":0,"matched":0,"cancelled":0,"expired":0,"matches":0,"queues":0,"oldest_since":null,` +
	`"wait_p50_ms":null,"wait_p95_ms":null,"wait_p99_ms":null,"matches_per_minute":null,"share_matched":null,"games":0,"sockets":0,"nodes":0},` +
	`"audit":null,"redis":{"up":false,"ping_ms":null,"memory_bytes":null,"clients":null,"script_us":null,"script_share":null},` +
	`"nodes":null,"queues":[],"matches":[],"minutes":[]}` + "\n\n"

// Before a server has reached Redis the page shows its values as unknown, not as 0.
func TestDashboardBeforeRedis(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t), "--interval", "1h")
	g := s.behindGate()
	g.says.Store(unreached)
	p := s.newPage()
	p.base = g.URL + "/behind"
	p.open("/dashboard")
	p.sees("#link", "Redis is down")
	p.tile("waiting", "–")
	p.tile("nodes", "–")
	p.sees("#audit-state", "not known yet")
	p.until(`document.querySelector("[data-audit=enqueued]").textContent === "–"`)
	p.sees("[data-redis=memory]", "not available")
	p.gone("#empty")
	p.gone("#no-matches")
}

// A page has one stream, behind a proxy as well, and none while it is hidden.
func TestDashboardRestsWhenHidden(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t), "--interval", "1h")
	g := s.behindGate()
	p := s.newPage()
	p.base = g.URL + "/behind"
	p.before(`Object.defineProperty(Document.prototype, "hidden", {get: () => window.isHidden === true});`)
	p.open("/dashboard")
	p.live()
	if n := g.streams.Load(); n != 1 {
		t.Errorf("the page has %d streams", n)
	}
	hide := func(hidden string) {
		eval[bool](p, `window.isHidden = `+hidden+`, document.dispatchEvent(new Event("visibilitychange"))`)
	}
	hide("true")
	eventually(t, "a page that is hidden has no stream", func() bool { return g.streams.Load() == 0 })
	s.queue("history", "alice")
	hide("false")
	p.live()
	p.tile("waiting", "1")
	if n := g.streams.Load(); n != 1 {
		t.Errorf("the page that is back has %d streams", n)
	}
	if n := g.opened.Load(); n != 2 {
		t.Errorf("%d streams were opened, of which two were needed", n)
	}
}

// The page reports a refused stream and tries again.
func TestDashboardRefused(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t))
	g := s.behindGate()
	g.refuse.Store(http.StatusTooManyRequests)
	p := s.newPage()
	p.base = g.URL + "/behind"
	p.expect("429")
	p.open("/dashboard")
	p.sees("#link", "refused")
	p.sees("#banner", "too many streams from this address")
	p.sees("#banner", "Trying again")
	p.see("[data-loading]")
	g.refuse.Store(0)
	p.live()
	p.gone("#banner")
	p.gone("[data-loading]")
}

// The page marks a silent stream as stale, and the strip says so; then it opens a new one.
func TestDashboardStale(t *testing.T) {
	t.Parallel()
	s := serve(t, matchqtest.Embedded(t))
	g := s.behindGate()
	g.says.Store(unreached)
	p := s.newPage()
	p.base = g.URL + "/behind"
	p.open("/dashboard")
	p.sees("#link", "stale since")
	p.finding("silent", "No live data", "#now")
	p.until(`document.title.startsWith("⚠ ")`)
	g.opens.Store(true)
	p.live()
	p.gone(`[data-finding="silent"]`)
}
