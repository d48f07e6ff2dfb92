package e2e_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/app"
)

// connect connects the client of a step, its first.
func (st *stage) connect(s *step) {
	st.Helper()
	st.seen[s.who] = []sight{}
	kind, mode := modeOf(st.kind(s.who))
	namespaces := []string{"/sunapp"}
	if st.play.two {
		namespaces = append(namespaces, "/")
	}
	command := map[string]any{
		"do": "connect", "as": st.prefix + s.who, "kind": kind, "mode": mode, "url": st.node.url, "namespaces": namespaces, "recover": st.play.recover,
	}
	st.begin(s)
	if st.play.token != nil {
		command["token"] = st.play.token(st, s.who)
	}
	st.driver.command(command)
	if s.want != "shut out" {
		st.want(&step{who: s.who, want: "connected", anyOrder: st.play.two, timed: s.timed})
	}
	if st.play.two {
		st.want(&step{who: s.who, want: "/ connected"})
	}
}

// begin begins the limit if a step says so.
func (st *stage) begin(s *step) {
	if s.anew || s.timed && st.clock.IsZero() {
		st.clock = time.Now()
	}
}

// wrongf ends the run for a step that went wrong.
func (st *stage) wrongf(s *step, format string, args ...any) {
	st.Helper()
	if s.timed && time.Since(st.clock) >= st.limit && st.limit < patience {
		panic(tooLate{})
	}
	st.Fatalf(format, args...)
}

// start starts the scenario's server.
func (st *stage) start(more ...string) {
	st.Helper()
	args := append(slices.Clone(st.play.args), more...)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "LIMIT", st.limit.String())
	}
	if st.play.killed && st.kill == nil {
		st.node, st.kill = startProcess(st.T, st.env, args...)
		return
	}
	st.node = startWith(st.T, st.env, func(c *app.Config) {
		if st.play.game != nil {
			st.play.game(&c.Game)
		}
		if c.Game.Question == inLimit {
			c.Game.Question = st.limit
		}
	}, args...)
}

// listed waits until connection_status lists a queue, which may take a second.
func (st *stage) listed(queue string) {
	matchqtest.Eventually(st.T, queue+" is listed", func() bool {
		return strings.Contains(st.node.call("GET", "/v1/queues", "").raw, `"name":"`+queue+`"`)
	})
}

func (st *stage) take(s *step) {
	st.Helper()
	st.begin(s)
	if s.send != "" {
		st.ordinal++
		data := st.payload(s.data)
		st.driver.command(map[string]any{
			"do": "send", "as": st.prefix + s.who, "event": s.send, "data": data, "ack": st.asked(s), "in": s.namespace(),
		})
		st.checkRequest(s, data)
	}
	if s.do != nil {
		s.do(st)
	}
	var event any
	if s.want != "" {
		event = st.want(s)
	}
	if s.ack == "" {
		return
	}
	if ack := st.want(&step{who: s.who, want: "ack", like: s.ack, timed: s.timed}); event != nil && !reflect.DeepEqual(ack, event) {
		st.wrongf(s, "%s (%s) sees %v, and as acknowledgement %v", s.who, st.kind(s.who), event, ack)
	}
}

// checkRequest checks that the document allows a request that succeeds.
func (st *stage) checkRequest(s *step, data any) {
	st.Helper()
	frame := map[string]any{}
	if data != nil {
		frame["data"] = data
	}
	fails := s.want == "error" || strings.Contains(s.ack, `"error"`)
	if problem := misfit(st.T, s.send, frame); problem != "" && !fails {
		st.Errorf("%s sends %s %v, which is not the protocol: %s", s.who, s.send, data, problem)
	}
}

func (s *step) namespace() any {
	if s.in == "" {
		return nil
	}
	return s.in
}

func (st *stage) asked(s *step) any {
	if s.ack == "" {
		return nil
	}
	return st.ordinal
}

// payload fills the captured values into JSON.
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
			return st.match.captured[name]
		}
	case map[string]any:
		for key, item := range v {
			v[key] = st.filled(item)
		}
	}
	return value
}

// want waits for the next sight that a step wants, and returns its payload.
func (st *stage) want(s *step) any {
	st.Helper()
	who := fmt.Sprintf("%s (%s)", s.who, st.kind(s.who))
	got := st.next(s)
	if got.name() != s.want {
		st.wrongf(s, "%s sees %v, want %s", who, got, s.want)
	}
	if problem := misshapen(st.T, got); problem != "" {
		st.Errorf("%s sees %v, which is not the protocol: %s", who, got, problem)
	}
	if s.like != "" {
		if problem := st.match.diff(decode(st.T, s.like), got.Data); problem != "" {
			st.wrongf(s, "%s sees %v: %s", who, got, problem)
		}
	}
	if got.Seq != "" {
		st.seq[s.who] = got.Seq
	}
	st.seen[s.who] = append(st.seen[s.who], got)
	return got.Data
}

// next returns a client's next sight, or, for a step with anyOrder, the first that the step wants.
func (st *stage) next(s *step) sight {
	st.Helper()
	for i, got := range st.early[s.who] {
		if !s.anyOrder || got.name() == s.want {
			st.early[s.who] = slices.Delete(st.early[s.who], i, i+1)
			return got
		}
	}
	late := time.After(patience)
	for {
		select {
		case <-st.driver.ended:
			st.Fatal("the driver has ended")
		case got := <-st.driver.sights(st.prefix + s.who):
			if got.name() == s.skips {
				continue
			}
			if !s.anyOrder || got.name() == s.want {
				return got
			}
			st.early[s.who] = append(st.early[s.who], got)
		case <-late:
			st.Fatalf("%s (%s) sees no %s, but %v", s.who, st.kind(s.who), s.want, st.early[s.who])
		}
	}
}

// quiet checks that steps have wanted all that a client has seen. A client that is shut out sees nothing more.
func (st *stage) quiet(who string) {
	st.Helper()
	sights := st.seen[who]
	if sights[len(sights)-1].name() == "shut out" {
		return
	}
	st.take(&step{who: who, send: "check_socket_id", want: "notify_socket_id", like: `{"sid":"*"}`})
}
