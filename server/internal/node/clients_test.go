package node_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/redistest"
)

// The events of the server, driven through real clients: a plain WebSocket (npm's ws), and the Socket.IO libraries of
// version 4 and 2. Every scenario is run with clients of each kind, and with clients of different kinds together, and
// what the clients see must be the same each time.
//
// To add one, append to scenarios: a row is a step of a client. A client connects in its first step. What a row sends is
// sent before what it wants is awaited; everything a client sees must be wanted by a row, in the order it comes in (an
// acknowledgement after the event that answers). Patterns are JSON: objects may have more keys than the pattern's, "*"
// is anything, "$x" is anything the first time and the same value from then on, and payloads may use it as well.

// kinds of clients, as the driver calls them.
var kinds = []string{"plain", "client 4", "client 2"}

// scenario is a play of some clients.
type scenario struct {
	name  string
	args  []string // of the server
	steps []step
	token func(t *testing.T, who string) string // with which a client connects; nil for none
}

// step is one step of a client; each field may be empty.
type step struct {
	who  string
	send string // an event to send
	data string // with this payload
	ack  string // and this pattern for its acknowledgement; "" asks for none
	want string // what comes next: an event, "connected", "lost" or "shut out"
	like string // with this pattern for its payload
	do   func(*stage)
}

// stage is where a scenario is played.
type stage struct {
	*testing.T
	env     *redistest.Env
	node    *testNode
	args    []string
	driver  *driver
	kind    func(who string) string
	prefix  string // keeps the clients of stages apart
	seen    map[string][]string
	values  map[string]any // captured
	ordinal int
}

func TestClients(t *testing.T) {
	t.Parallel()
	d := startDriver(t)
	for _, sc := range scenarios {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			var first map[string][]string
			for shift := range sc.rounds() {
				for i, kind := range kinds {
					name := kind
					if shift > 0 {
						name += " and others"
					}
					t.Run(name, func(t *testing.T) {
						seen := play(t, d, &sc, func(who string) string {
							return kinds[(i+shift*int(who[0]-'a'))%len(kinds)]
						})
						if first == nil {
							first = seen
						}
						compare(t, first, seen)
					})
				}
			}
		})
	}
}

// rounds are two, with clients of one kind and with different ones, unless there is one client only.
func (sc *scenario) rounds() int {
	for _, s := range sc.steps {
		if s.who != sc.steps[0].who {
			return 2
		}
	}
	return 1
}

// compare checks that clients have seen the same.
func compare(t *testing.T, want, got map[string][]string) {
	t.Helper()
	for who, lines := range want {
		if !slices.Equal(lines, got[who]) {
			t.Errorf("%s saw\n  %s\nbut the first kind\n  %s", who, strings.Join(got[who], "\n  "), strings.Join(lines, "\n  "))
		}
	}
}

// play plays a scenario and returns what each client has seen, without what differs from run to run.
func play(t *testing.T, d *driver, sc *scenario, kind func(who string) string) map[string][]string {
	env := redistest.Embedded(t)
	st := &stage{
		T: t, env: env, node: start(t, env, sc.args...), args: sc.args, driver: d, kind: kind, prefix: t.Name() + " ",
		seen: map[string][]string{}, values: map[string]any{},
	}
	for i := range sc.steps {
		s := &sc.steps[i]
		if s.who != "" && st.seen[s.who] == nil {
			st.connect(s, sc.token)
		}
		st.play(s)
	}
	for who := range st.seen {
		st.quiet(who)
		st.driver.leave(st.prefix + who)
	}
	return st.seen
}

// connect connects the client of a step, its first.
func (st *stage) connect(s *step, token func(t *testing.T, who string) string) {
	st.Helper()
	st.seen[s.who] = []string{}
	command := map[string]any{"do": "connect", "as": st.prefix + s.who, "kind": st.kind(s.who), "url": st.node.url}
	if token != nil {
		command["token"] = token(st.T, s.who)
	}
	st.driver.command(command)
	if s.want != "shut out" {
		st.want(s.who, "connected", "")
	}
}

func (st *stage) play(s *step) {
	st.Helper()
	if s.send != "" {
		st.ordinal++
		st.driver.command(map[string]any{
			"do": "send", "as": st.prefix + s.who, "event": s.send, "data": st.payload(s.data), "ack": st.asked(s),
		})
	}
	if s.do != nil {
		s.do(st)
	}
	if s.want != "" {
		st.want(s.who, s.want, s.like)
	}
	if s.ack != "" {
		st.want(s.who, "ack", s.ack)
	}
}

func (st *stage) asked(s *step) any {
	if s.ack == "" {
		return nil
	}
	return st.ordinal
}

// payload is JSON with the captured values put in.
func (st *stage) payload(text string) any {
	if text == "" {
		return nil
	}
	return st.filled(decode(st.T, text))
}

func (st *stage) filled(value any) any {
	switch v := value.(type) {
	case string:
		if name, ok := strings.CutPrefix(v, "$"); ok {
			return st.values[name]
		}
	case map[string]any:
		for key, item := range v {
			v[key] = st.filled(item)
		}
	}
	return value
}

// want waits for the next thing that a client sees, which must be this.
func (st *stage) want(who, what, pattern string) {
	st.Helper()
	got := st.next(who)
	if got.name() != what {
		st.Fatalf("%s (%s) sees %v, want %s", who, st.kind(who), got, what)
	}
	if pattern != "" {
		if problem := st.match(decode(st.T, pattern), got.Data); problem != "" {
			st.Fatalf("%s (%s) sees %v: %s", who, st.kind(who), got, problem)
		}
	}
}

func (st *stage) next(who string) sight {
	st.Helper()
	select {
	case got, ok := <-st.driver.sights(st.prefix + who):
		if !ok {
			st.Fatal("the driver has ended")
		}
		st.seen[who] = append(st.seen[who], got.withoutVolatile())
		return got
	case <-time.After(patience):
		st.Fatalf("%s (%s) sees nothing", who, st.kind(who))
		return sight{}
	}
}

// quiet checks that a client has seen nothing that no step wanted. One that is shut out is past seeing.
func (st *stage) quiet(who string) {
	st.Helper()
	lines := st.seen[who]
	if strings.HasPrefix(lines[len(lines)-1], "shut out") {
		return
	}
	st.play(&step{who: who, send: "check_socket_id", want: "notify_socket_id", like: `{"sid":"*"}`})
}

// match says how a value differs from a pattern, "" if it does not.
func (st *stage) match(pattern, value any) string {
	switch p := pattern.(type) {
	case string:
		name, ok := strings.CutPrefix(p, "$")
		if p == "*" || ok && st.values[name] == nil {
			if value == nil {
				return p + " is missing"
			}
			if ok {
				st.values[name] = value
			}
			return ""
		}
		if ok {
			pattern = st.values[name]
		}
	case map[string]any:
		object, ok := value.(map[string]any)
		if !ok {
			return fmt.Sprintf("%v is no object", value)
		}
		for key, item := range p {
			if problem := st.match(item, object[key]); problem != "" {
				return key + ": " + problem
			}
		}
		return ""
	case []any:
		list, ok := value.([]any)
		if !ok || len(list) != len(p) {
			return fmt.Sprintf("%v is no list of %d", value, len(p))
		}
		for i, item := range p {
			if problem := st.match(item, list[i]); problem != "" {
				return fmt.Sprint(i, ": ", problem)
			}
		}
		return ""
	}
	if pattern != value {
		return fmt.Sprintf("want %v, not %v", pattern, value)
	}
	return ""
}

func decode(t *testing.T, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return value
}
