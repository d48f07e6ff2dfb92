package presence

import (
	"testing"

	"pgregory.net/rapid"
)

// TestTableModel interleaves connections, messages, outages and resyncs at random. A connection gets each message once
// and in order: none before the missed ones, none after its end, and all of them in the end.
func TestTableModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(rt)
		player := func(action func(string)) func(*rapid.T) {
			return func(rt *rapid.T) { action(rapid.SampledFrom(tablePlayers).Draw(rt, "player")) }
		}
		opened := func(action func(o *opening)) func(*rapid.T) {
			return func(rt *rapid.T) {
				if len(w.opening) > 0 {
					action(w.opening[rapid.IntRange(0, len(w.opening)-1).Draw(rt, "opening")])
				}
			}
		}
		end := func(answered bool) func(*rapid.T) {
			return opened(func(o *opening) {
				o.end(w, answered)
				if !answered && rapid.Bool().Draw(rt, "late") {
					o.run(w) // Redis still gets the call
				}
				for i := range w.opening {
					if w.opening[i] == o {
						w.opening = append(w.opening[:i:i], w.opening[i+1:]...)
						return
					}
				}
			})
		}
		rt.Repeat(map[string]func(*rapid.T){
			"send": player(func(p string) { w.send(p, 1) }),
			"flood": player(func(p string) {
				w.send(p, MailboxSize+10)
				w.hear(len(w.channel))
			}),
			"hear":      func(rt *rapid.T) { w.hear(rapid.IntRange(1, 3).Draw(rt, "messages")) },
			"break":     func(*rapid.T) { w.breakChannel() },
			"subscribe": func(*rapid.T) { w.subscribe() },
			"elsewhere": player(w.connectElsewhere),
			"open":      player(w.open),
			"run":       opened(func(o *opening) { o.run(w) }),
			"opened":    end(true),
			"aborted":   end(false),
			"close":     player(w.close),
			"flush":     func(*rapid.T) { w.flush() },
			"stale":     func(*rapid.T) { w.table.markStale() },
			"sync":      func(*rapid.T) { w.stepSync() },
			"fail":      func(*rapid.T) { w.failSync() },
		})
		w.settle()
	})
}
