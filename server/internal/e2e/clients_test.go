package e2e_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

// The events of the server, through real clients: a plain WebSocket (npm's ws), the Socket.IO libraries of versions 1 to 4, and the
// one for python. TestClients plays every scenario with some kinds by WebSocket, alone and together: each time the clients must
// see the same. TestClientsInAllModes plays them with all libraries, by whatever transport.
//
// To add a scenario, append to scenarios: a row is a step of a client. A client connects in its first step. A row sends
// its event first and then waits for the event it wants. A row must want each event that a client sees, in order (an
// acknowledgement after the event that answers). Patterns are JSON: objects may have more keys than the pattern's, "*"
// is any value, "$x" is any value the first time and the same value from then on; payloads may use "$x" as well.

// allKinds are the kinds of clients, by the driver's names.
var (
	allKinds   = []string{"plain", "client 4", "client 2"}
	everyKind  = []string{"plain", "client 4", "client 3", "client 2", "client 1", "python"}
	libraries  = everyKind[1:]
	javaScript = everyKind[1:5] // python's client leaves no single namespace
	recoverers = []string{"plain", "client 4", "client 3"}
)

var allModes = flag.Bool("modes", false, "play each scenario with each Socket.IO client in each mode")

// scenario is a sequence of steps of some clients.
type scenario struct {
	name  string
	args  []string           // of the server
	game  func(*quiz.Config) // changes the times of games; they are long by default
	steps []step
	kinds []string                           // of clients that can play it; nil for all
	token func(st *stage, who string) string // the token that a client connects with; nil for none

	// limit is a time of the server's for some steps: LIMIT in args, inLimit in game. A busy machine may need more: then
	// the scenario is played again with twice the limit. 0 for none.
	limit time.Duration

	recover bool // clients 4 ask for recovery
	killed  bool // the server is a process, to be killed
	two     bool // clients join / too
	main    bool // TestClientsInAllModes plays it in each mode
}

// step is one step of a client; each field may be empty.
type step struct {
	who  string
	send string // an event to send
	data string // with this payload
	in   string // in this namespace; "" for the apps'
	ack  string // and this pattern for its acknowledgement; "" asks for none
	want string // the next sight: an event, "connected", "lost" or "shut out"
	like string // with this pattern for its payload
	do   func(*stage)

	// anyOrder allows other events before the wanted one, for events from different parts of the server.
	anyOrder bool
	skips    string // an event that may come before the wanted one, any number of times

	timed bool // must be done within the limit, which begins with the first such step
	anew  bool // the limit begins anew
}

// inLimit stands for the limit of a scenario in the times of games.
const inLimit = -1 * time.Second

// stage is a run of a scenario.
type stage struct {
	*testing.T
	env     *matchqtest.Env
	node    *testNode
	kill    func() // of a process
	play    *scenario
	driver  *driver
	kind    func(who string) string
	prefix  string             // keeps the clients of stages apart
	seen    map[string][]sight // by each client, in the order it was wanted
	early   map[string][]sight // seen, but not wanted yet
	seq     map[string]string  // seq of the last push that a client has seen
	match   matcher
	ordinal int
	limit   time.Duration // of this run
	clock   time.Time     // when the limit began
}

// tooLate ends a run whose limit was over before a step of it was done.
type tooLate struct{}

func TestClients(t *testing.T) {
	t.Parallel()
	d := startDriver(t)
	for _, sc := range scenarios() {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			var (
				mu    sync.Mutex
				first map[string][]sight
			)
			for name, kind := range sc.casts() {
				t.Run(name, func(t *testing.T) {
					t.Parallel() // most of the time they wait
					seen := play(t, d, &sc, kind)
					mu.Lock()
					defer mu.Unlock()
					if first == nil {
						first = seen
					}
					compare(t, first, seen)
				})
			}
		})
	}
}

// casts returns all casts of a scenario: clients of one kind, and, if there are several clients, of different kinds.
func (sc *scenario) casts() map[string]func(who string) string {
	all := map[string]func(who string) string{}
	kinds := sc.kinds
	if kinds == nil {
		kinds = allKinds
	}
	alone := !slices.ContainsFunc(sc.steps, func(s step) bool { return s.who != sc.steps[0].who })
	for i, kind := range kinds {
		all[kind] = func(string) string { return kind }
		if !alone && len(kinds) > 1 {
			all[kind+" and others"] = func(who string) string { return kinds[(i+int(who[0]-'a'))%len(kinds)] }
		}
	}
	return all
}

// modes are how a Socket.IO client may connect.
var modes = []string{"websocket", "default", "polling", "websocket, polling"}

// modeOf parts a kind of client from its mode, which follows "by".
func modeOf(kind string) (of, mode string) {
	of, mode, found := strings.Cut(kind, " by ")
	if !found {
		mode = modes[0]
	}
	return of, mode
}

// inModes are the kinds of a scenario, those that speak Socket.IO, with modes: all pairs, or some. Each scenario has two modes,
// those of the main ones all, with a client each. The next scenario has other pairs, so that several of them have all.
func (sc *scenario) inModes(ordinal int, all bool) []string {
	kinds := slices.DeleteFunc(slices.Clone(sc.kinds), func(kind string) bool { return kind == "plain" })
	if sc.kinds == nil {
		kinds = libraries
	}
	var pairs []string
	for i, mode := range modes {
		for j, kind := range kinds {
			if all || j == (i+ordinal)%len(kinds) && (sc.main || i%2 == ordinal%2) {
				pairs = append(pairs, kind+" by "+mode)
			}
		}
	}
	return pairs
}

// TestClientsInAllModes plays every scenario by WebSocket, by long polling, by the upgrade from it, and where both are allowed,
// with every Socket.IO client that can. It plays some of these, and all with -modes:
//
//	go test ./server/internal/e2e -run ClientsInAllModes -timeout 30m -args -modes
func TestClientsInAllModes(t *testing.T) {
	t.Parallel()
	d := startDriver(t)
	for i, sc := range scenarios() {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			for _, kind := range sc.inModes(i, *allModes) {
				t.Run(kind, func(t *testing.T) {
					t.Parallel()
					play(t, d, &sc, func(string) string { return kind })
				})
			}
		})
	}
}

// The scenarios of a run without -modes have each client in each mode.
func TestEachClientHasEachMode(t *testing.T) {
	t.Parallel()
	played := map[string]bool{}
	for i, sc := range scenarios() {
		for _, pair := range sc.inModes(i, false) {
			played[pair] = true
		}
		if pairs := len(sc.inModes(i, true)); sc.kinds == nil && pairs != len(libraries)*len(modes) {
			t.Errorf("%s has %d pairs", sc.name, pairs)
		}
	}
	if want := len(libraries) * len(modes); len(played) != want {
		t.Errorf("%d pairs of a client and a mode are played, want %d: %v", len(played), want, played)
	}
}

// compare checks that clients have seen the same.
func compare(t *testing.T, want, got map[string][]sight) {
	t.Helper()
	for who, sights := range want {
		if len(sights) != len(got[who]) {
			t.Errorf("%s saw\n  %v\nbut others\n  %v", who, got[who], sights)
			continue
		}
		for i := range sights {
			if problem := sights[i].differs(got[who][i]); problem != "" {
				t.Errorf("%s saw %v, but others %v: %s", who, got[who][i], sights[i], problem)
			}
		}
	}
}

// play runs a scenario and returns the sights of each client, without the values that differ from run to run.
func play(t *testing.T, d *driver, sc *scenario, kind func(who string) string) (seen map[string][]sight) {
	for limit := sc.limit; seen == nil; limit *= 2 {
		seen = playWithin(t, d, sc, kind, limit)
	}
	return seen
}

// playWithin runs a scenario with a limit. It returns nil if that was too short.
func playWithin(t *testing.T, d *driver, sc *scenario, kind func(who string) string, limit time.Duration) (seen map[string][]sight) {
	if _, err := events(); err != nil { // read now, since that takes a while on a busy machine
		t.Fatal(err)
	}
	env := matchqtest.Embedded(t)
	st := &stage{
		T: t, env: env, play: sc, driver: d, kind: kind, limit: limit, prefix: fmt.Sprint(t.Name(), " ", limit, " "),
		seen: map[string][]sight{}, early: map[string][]sight{}, seq: map[string]string{}, match: matcher{captured: map[string]any{}},
	}
	defer func() {
		if problem := recover(); problem == (tooLate{}) {
			st.leave()
			seen = nil
		} else if problem != nil {
			panic(problem)
		}
	}()
	st.start()
	for i := range sc.steps {
		s := &sc.steps[i]
		if s.who != "" && st.seen[s.who] == nil {
			st.connect(s)
		}
		st.take(s)
	}
	for who := range st.seen {
		st.quiet(who)
	}
	st.leave()
	return st.seen
}

// leave lets all clients leave.
func (st *stage) leave() {
	for who := range st.seen {
		st.driver.leave(st.prefix + who)
	}
}
