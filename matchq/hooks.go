package matchq

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/internal/space"
)

// Hooks are functions of yours that hear of the library's work in this process, for metrics, logs and traces. The nil ones are
// not called, and cost nothing.
//
// Each is called on the goroutine that does the work, which waits for it: return within microseconds, don't block, and don't
// call the Matcher. Several goroutines may call at once, but for Ticked.
type Hooks struct {
	// Enqueued is called after each request of Enqueue and EnqueueAll, also a refused one.
	Enqueued func(EnqueueReport)

	// Called is called after each script that Redis ran, or should have, of all packages of the library.
	Called func(CallReport)

	// Ticked is called after each visit of a queue, one call at a time.
	Ticked func(TickReport)

	// Watched is called with each event before a Watch yields it. All Waits together are one Watch.
	Watched func(Event)
}

// EnqueueReport is the result of a request for a ticket.
type EnqueueReport struct {
	Request Request
	Ticket  Ticket // if Err is nil
	Err     error
	Took    time.Duration // of the call of the library, for EnqueueAll of all its requests
}

// CallReport is a call of a script.
type CallReport struct {
	Script string        // such as "match/tick"; see ScriptName
	Took   time.Duration // until the driver returned, its repetitions included
	Err    error         // such as an ErrUnavailable; nil for an answer, also one that refuses
}

// AddHooks has hooks called beside those of Config and of earlier calls, until remove is called. A work under way may
// still call them after that.
func (m *Matcher) AddHooks(h Hooks) (remove func()) {
	if h.Enqueued == nil && h.Called == nil && h.Ticked == nil && h.Watched == nil {
		return func() {}
	}
	removeOne := m.hooks.add(&h)
	m.space.Report(m.hooks.called())
	return func() {
		removeOne()
		m.space.Report(m.hooks.called())
	}
}

// ScriptName is the name of the script of this library that a command runs, such as "match/tick"; "" for other commands. It is
// for hooks of the driver.
func ScriptName(cmd redis.Cmder) string { return space.ScriptName(cmd) }

// hooks are those of a Matcher.
type hooks struct {
	mu      sync.Mutex
	all     atomic.Pointer[[]*Hooks]
	ticking sync.Mutex // one call of Ticked at a time
}

func (h *hooks) add(one *Hooks) (remove func()) {
	h.change(func(all []*Hooks) []*Hooks { return append(all, one) })
	return func() {
		h.change(func(all []*Hooks) []*Hooks {
			return slices.DeleteFunc(all, func(other *Hooks) bool { return other == one })
		})
	}
}

func (h *hooks) change(to func([]*Hooks) []*Hooks) {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := to(slices.Clone(h.load()))
	h.all.Store(&all)
}

func (h *hooks) load() []*Hooks {
	if all := h.all.Load(); all != nil {
		return *all
	}
	return nil
}

// called is the hook for calls; nil for none.
func (h *hooks) called() func(script string, took time.Duration, err error) {
	if !slices.ContainsFunc(h.load(), func(one *Hooks) bool { return one.Called != nil }) {
		return nil
	}
	return func(script string, took time.Duration, err error) {
		for _, one := range h.load() {
			if one.Called != nil {
				one.Called(CallReport{Script: script, Took: took, Err: err})
			}
		}
	}
}

func (h *hooks) enqueued(requests []Request, results []Result, began time.Time) {
	took := time.Since(began)
	for _, one := range h.load() {
		for i := range requests {
			if one.Enqueued != nil {
				one.Enqueued(EnqueueReport{Request: requests[i], Ticket: results[i].Ticket, Err: results[i].Err, Took: took})
			}
		}
	}
}

func (h *hooks) ticked(r TickReport) {
	all := h.load()
	if len(all) == 0 {
		return
	}
	h.ticking.Lock()
	defer h.ticking.Unlock()
	for _, one := range all {
		if one.Ticked != nil {
			one.Ticked(r)
		}
	}
}

func (h *hooks) watched(e *Event) {
	for _, one := range h.load() {
		if one.Watched != nil {
			one.Watched(*e)
		}
	}
}
