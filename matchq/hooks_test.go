package matchq_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// heard is the arguments of hooks.
type heard struct {
	sync.Mutex

	enqueued []matchq.EnqueueReport
	scripts  []matchq.CallReport
	ticked   []matchq.TickReport
	watched  []matchq.Event
}

func (h *heard) hooks() matchq.Hooks {
	return matchq.Hooks{
		Enqueued: func(r matchq.EnqueueReport) { h.Lock(); defer h.Unlock(); h.enqueued = append(h.enqueued, r) },
		Called:   func(r matchq.CallReport) { h.Lock(); defer h.Unlock(); h.scripts = append(h.scripts, r) },
		Ticked:   func(r matchq.TickReport) { h.Lock(); defer h.Unlock(); h.ticked = append(h.ticked, r) },
		Watched:  func(e matchq.Event) { h.Lock(); defer h.Unlock(); h.watched = append(h.watched, e) },
	}
}

// called is how often a script was called, and how often in vain.
func (h *heard) called(script string) (times, failed int) {
	h.Lock()
	defer h.Unlock()
	for _, c := range h.scripts {
		if c.Script == script {
			times++
			if c.Err != nil {
				failed++
			}
		}
	}
	return times, failed
}

func TestHooksHearOfAllWork(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		var first, second heard
		m := newMatcher(t, env, matchq.Config{Hooks: first.hooks()})
		alice := enqueue(t, m, "history", "alice")
		if first.enqueued[0].Ticket.ID != alice.ID || first.enqueued[0].Request.Queue != "history" || first.enqueued[0].Took <= 0 {
			t.Errorf("enqueued: %+v", first.enqueued[0])
		}
		remove := m.AddHooks(second.hooks())
		results, err := m.EnqueueAll(t.Context(), []matchq.Request{{Queue: "history", Player: "alice"}, {Queue: "history", Player: "bob"}})
		if err != nil {
			t.Fatal(err)
		}
		var duplicate *matchq.DuplicateError
		if len(second.enqueued) != 2 || !errors.As(second.enqueued[0].Err, &duplicate) || second.enqueued[1].Ticket.ID != results[1].Ticket.ID {
			t.Errorf("enqueued: %+v", second.enqueued)
		}
		tick(t, m, "history")
		take(t, m, matchq.FromOldest, 1)
		for _, h := range []*heard{&first, &second} {
			if len(h.ticked) != 1 || h.ticked[0].Matches != 1 {
				t.Errorf("ticked: %+v", h.ticked)
			}
			if len(h.watched) != 1 || h.watched[0].Kind != matchq.Matched {
				t.Errorf("watched: %+v", h.watched)
			}
			if times, failed := h.called("match/tick"); times != 1 || failed != 0 {
				t.Errorf("%d ticks, %d failed", times, failed)
			}
		}
		remove()
		enqueue(t, m, "maths", "carol")
		if len(first.enqueued) != 4 || len(second.enqueued) != 2 {
			t.Errorf("after one set was removed: %d and %d", len(first.enqueued), len(second.enqueued))
		}
		if slices.ContainsFunc(first.scripts, func(c matchq.CallReport) bool { return c.Script == "" || c.Took <= 0 }) {
			t.Errorf("calls: %+v", first.scripts)
		}
	})
}

func TestHooksHearOfFailures(t *testing.T) {
	env := matchqtest.Real(t)
	var h heard
	m := newMatcher(t, env, matchq.Config{})
	m.AddHooks(h.hooks())
	enqueue(t, m, "history", "alice")
	env.Server.Kill()
	if _, err := m.Ticket(t.Context(), "any"); !errors.Is(err, matchq.ErrUnavailable) {
		t.Fatal(err)
	}
	matchqtest.Eventually(t, "the failed call is told", func() bool { _, failed := h.called("match/ticket"); return failed == 1 })
}

// namer is a hook of the driver that notes the names of scripts.
type namer struct {
	mu    sync.Mutex
	names []string
}

func (n *namer) DialHook(next redis.DialHook) redis.DialHook { return next }

func (n *namer) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (n *namer) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if name := matchq.ScriptName(cmd); name != "" {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.names = append(n.names, cmd.Name()+" "+name)
		}
		return next(ctx, cmd)
	}
}

func TestScriptName(t *testing.T) {
	env := matchqtest.Embedded(t)
	hook := &namer{}
	env.Client.AddHook(hook)
	m := newMatcher(t, env, matchq.Config{})
	if _, err := m.Ticket(t.Context(), "any"); !errors.Is(err, matchq.ErrNotFound) {
		t.Fatal(err)
	}
	want := []string{"evalsha match/ticket", "eval match/ticket"} // Redis does not know the script at first
	if !slices.Equal(hook.names, want) {
		t.Errorf("commands: %q, want %q", hook.names, want)
	}
	for _, others := range []redis.Cmder{redis.NewCmd(t.Context(), "ping"), redis.NewCmd(t.Context(), "evalsha", "123", 0)} {
		if name := matchq.ScriptName(others); name != "" {
			t.Errorf("%v is named %q", others, name)
		}
	}
}

// Without hooks an enqueue allocates nothing for them.
func TestNoHooksCostNothing(t *testing.T) {
	env := matchqtest.Embedded(t)
	m := newMatcher(t, env, matchq.Config{})
	report := matchq.TickReport{Queue: "history"}
	if allocs := testing.AllocsPerRun(100, func() { m.TellHooks(report) }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}
