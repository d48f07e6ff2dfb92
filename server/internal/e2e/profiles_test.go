package e2e_test

import (
	"compress/gzip"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
)

var profiles = []string{"", "heap", "goroutine?debug=2", "profile?seconds=1", "trace?seconds=1"}

func TestProfilesAreForOperators(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded("--path-prefix", "/games")...)
	beyond := start(t, matchqtest.Embedded(t), "--addr", "0.0.0.0:0", "--insecure")
	for _, profile := range profiles {
		n.want(401, n.call("GET", "/debug/pprof/"+profile, ""))
		n.want(401, n.as(apiKey, "GET", "/debug/pprof/"+profile, ""))
		beyond.want(403, beyond.call("GET", "/debug/pprof/"+profile, ""))
	}
	list := n.want(200, n.as(adminToken, "GET", "/debug/pprof/", ""))
	if !strings.Contains(list.raw, `<a href="heap?debug=1">`) || !strings.Contains(list.header.Get("Content-Type"), "html") {
		t.Errorf("got %s", list.raw)
	}
	session := cookieOf(t, n.want(204, n.call("POST", "/v1/admin/session", `{"token":"`+adminToken+`"}`)))
	n.want(200, n.call("GET", "/debug/pprof/heap", "", "Cookie", session.Name+"="+session.Value))
	if got := n.want(200, n.as(adminToken, "GET", "/debug/pprof/goroutine?debug=1", "")); !strings.Contains(got.raw, "goroutine profile: total") {
		t.Errorf("got %s", got.raw)
	}
	n.want(200, n.as(adminToken, "GET", "/debug/pprof/heap?gc=1", ""))
	n.want(404, n.as(adminToken, "GET", "/debug/pprof/cmdline", "")) // it may hold secrets
	n.want(404, n.as(adminToken, "GET", "/debug/pprof/nothing", ""))
	for _, wrong := range []string{"heap?debug=3", "profile?seconds=61", "profile?seconds=0", "trace?seconds=x", "profile?seconds=-1"} {
		n.want(422, n.as(adminToken, "GET", "/debug/pprof/"+wrong, ""))
	}
	if !n.log.has("operator action") {
		t.Error("nothing is logged")
	}
}

// Only one profile of each kind is recorded at a time. A running one ends when the server stops, and is complete.
func TestProfilesEndWithTheServer(t *testing.T) {
	// Not parallel: a process records one profile of the processor at a time.
	n := start(t, matchqtest.Embedded(t))
	n.want(200, n.call("GET", "/debug/pprof/trace?seconds=1", ""))
	recorded := n.calling("GET", "/debug/pprof/profile?seconds=60")
	matchqtest.Eventually(t, "it is recorded", func() bool { return strings.Contains(stacks(), "runtime/pprof.profileWriter") })
	busy := n.want(429, n.call("GET", "/debug/pprof/profile?seconds=1", ""))
	if busy.header.Get("Retry-After") != "1" {
		t.Errorf("got %v", busy.header)
	}
	began := time.Now()
	n.stop()
	got := n.want(200, <-recorded)
	if took := time.Since(began); took > patience {
		t.Errorf("it took %v to end", took)
	}
	unzipped, err := gzip.NewReader(strings.NewReader(got.raw))
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(unzipped); err != nil || len(data) == 0 {
		t.Errorf("the profile has %d bytes, %v", len(data), err)
	}
}
