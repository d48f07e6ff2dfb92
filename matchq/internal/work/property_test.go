package work

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

const (
	lease    = time.Minute
	pause    = 10 * time.Minute
	mostTime = 3 // deliveries
)

// where an event of the model stands.
type where string

const (
	inStream where = "in the stream"
	isReady  where = "ready"
	isLeased where = "leased"
	isDead   where = "dead"
	isOver   where = "gone"
)

// modelEvent is a plain queue's knowledge of an event.
type modelEvent struct {
	where
	delivery int
	worker   string
	due      time.Time // when it is delivered again
}

// model is a plain queue beside the scripts.
type model struct {
	t      *rapid.T
	ctx    context.Context
	env    *matchqtest.Env
	in     *space.Space
	now    time.Time
	events map[string]*modelEvent
	order  []string                  // ids, as they were written
	held   map[string]map[string]int // worker → the events it thinks it has, with the delivery
	turns  map[string]int
	last   int
}

func newModel(t *rapid.T, tb testing.TB) *model {
	env := matchqtest.Embedded(tb)
	m := &model{t: t, ctx: tb.Context(), env: env, now: time.Now().Truncate(time.Millisecond), events: map[string]*modelEvent{}, held: map[string]map[string]int{}, turns: map[string]int{}}
	env.Embedded.SetTime(m.now)
	m.in = space.New(space.Config{
		Client: env.Client, Namespace: env.Namespace, Timeout: matchqtest.Patience, Logger: slog.New(slog.DiscardHandler),
		Guard: space.Guard{Fingerprint: "settings", Agree: func(ctx context.Context, _ string, _ bool) error {
			return env.Client.HSet(ctx, m.in.Key(space.Meta), "config", "settings").Err()
		}},
	})
	if ok, err := Join(m.ctx, m.in, &Settings{Group: "g", Kinds: []string{"matched"}, MaxReady: 1000, MaxDead: 1000, Retention: 1000 * time.Hour}); err != nil || !ok {
		t.Fatalf("join: %v, %v", ok, err)
	}
	return m
}

// write puts an entry of some places into the stream, or one of another kind.
func (m *model) write(places int, kind string) {
	m.last++
	tickets := ""
	for i := range places {
		tickets += fmt.Sprintf("t%d\nrecord %d\n", i, i)
	}
	id := fmt.Sprintf("%d-0", m.last)
	err := m.env.Client.XAdd(m.ctx, &redis.XAddArgs{Stream: m.in.Key(space.Events), ID: id, Values: []any{
		"kind", kind, "size", 1, "count", places, "at", 1, "reason", "", "tickets", tickets[:len(tickets)-1],
	}}).Err()
	if err != nil {
		m.t.Fatal(err)
	}
	for i := range places {
		if kind == "matched" {
			one := fmt.Sprintf("%s-%d", id, i)
			m.events[one], m.order = &modelEvent{where: inStream}, append(m.order, one)
		}
	}
}

func (m *model) fill() {
	for more := true; more; {
		f, err := fill(m.ctx, m.in, "g", 0)
		if err != nil || !f.exists {
			m.t.Fatalf("fill: %+v, %v", f, err)
		}
		more = f.more
	}
	for _, e := range m.events {
		if e.where == inStream {
			e.where = isReady
		}
	}
}

// call has a worker settle rows and take events; twice if its reply is lost.
func (m *model) call(worker string, slots int, rows []row, lost, leaving bool) {
	m.turns[worker]++
	args := workArgs{
		Group: "g", Worker: worker, Turn: m.turns[worker], Slots: slots, LeaseMS: lease.Milliseconds(),
		LongestMS: (2 * pause).Milliseconds(), MaxDeliveries: mostTime, Rows: rows, Leaving: leaving,
	}
	inVain := 0
	list, err := m.env.Client.LRange(m.ctx, m.in.KeyOf(space.Ready, "g"), 0, -1).Result()
	if err != nil {
		m.t.Fatal(err)
	}
	for _, id := range list {
		if m.events[id].where == isOver {
			inVain++
		}
	}
	for _, e := range m.events {
		if e.where == isLeased && e.delivery >= mostTime {
			inVain++
		}
	}
	times := 1
	if lost {
		times = 2
	}
	var x exchanged
	for range times {
		r, err := workScript.Call(m.ctx, m.in, args)
		if err == nil {
			x, err = decodeExchanged(r, len(rows))
		}
		if err != nil {
			m.t.Fatal(err)
		}
	}
	m.settle(worker, rows, x.lost)
	m.take(worker, slots, inVain, x.events)
}

// settle applies the rows to the model.
func (m *model) settle(worker string, rows []row, lost []int) {
	for i, r := range rows {
		e := m.events[r.ID]
		mine := e.where == isLeased && e.worker == worker && e.delivery == r.Delivery
		if slices.Contains(lost, i) != (r.Verdict == keep && !mine) {
			m.t.Fatalf("%s keeps %s: lost is %v, in the model %+v", worker, r.ID, lost, e)
		}
		switch {
		case r.Verdict == done: // whichever worker has it; its id in the list is stepped over
			e.where = isOver
		case !mine:
		case r.Verdict == keep:
			e.due = m.now.Add(lease)
		case r.Verdict == dead:
			e.where = isDead
		case r.Verdict == back:
			e.where, e.delivery = isReady, e.delivery-1
		default:
			e.due, e.worker = m.now.Add(pause), worker
		}
		if r.Verdict != keep {
			delete(m.held[worker], r.ID)
		}
	}
}

// take checks the events that a worker was given. Which events that are is up to the script; up to inVain slots may go to events that
// are not delivered any more.
func (m *model) take(worker string, slots, inVain int, given []Delivery) {
	if len(given) > slots {
		m.t.Fatalf("%d events for %d slots", len(given), slots)
	}
	free := 0
	for _, e := range m.events {
		over := e.where == isLeased && !e.due.After(m.now)
		if e.where == isReady || over && e.delivery < mostTime {
			free++
		}
	}
	worn, err := m.env.Client.ZRange(m.ctx, m.in.KeyOf(space.Dead, "g"), 0, -1).Result()
	if err != nil {
		m.t.Fatal(err)
	}
	for _, id := range worn { // their last lease was over
		if e := m.events[id]; e.where == isLeased && !e.due.After(m.now) && e.delivery >= mostTime {
			e.where = isDead
		}
	}
	if len(given) == 0 && free > 0 && slots > inVain {
		m.t.Fatalf("nothing for %d slots, with %d events free", slots, free)
	}
	for _, d := range given {
		e := m.events[d.ID]
		if e == nil || e.where != isReady && !(e.where == isLeased && !e.due.After(m.now)) || d.Number != e.delivery+1 || d.Number > mostTime {
			m.t.Fatalf("%s was given %s as delivery %d, which is %+v", worker, d.ID, d.Number, e)
		}
		if d.Fields["size"] != "1" || d.Fields["tickets"] != fmt.Sprintf("t%s\nrecord %s", d.Fields["place"], d.Fields["place"]) {
			m.t.Fatalf("%s has the fields %q", d.ID, d.Fields)
		}
		*e = modelEvent{where: isLeased, delivery: d.Number, worker: worker, due: m.now.Add(lease)}
		if m.held[worker] == nil {
			m.held[worker] = map[string]int{}
		}
		m.held[worker][d.ID] = d.Number
	}
}

// check compares where all events stand.
func (m *model) check(t *rapid.T) {
	for key, at := range map[string]where{space.Ready: isReady, space.Leases: isLeased, space.Dead: isDead} {
		var found []string
		var err error
		if key == space.Ready {
			found, err = m.env.Client.LRange(m.ctx, m.in.KeyOf(key, "g"), 0, -1).Result()
			found = slices.DeleteFunc(found, func(id string) bool { return m.events[id].where == isOver })
		} else {
			found, err = m.env.Client.ZRange(m.ctx, m.in.KeyOf(key, "g"), 0, -1).Result()
		}
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for id, e := range m.events {
			if e.where == at {
				want = append(want, id)
			}
		}
		slices.Sort(found)
		if slices.Sort(want); !slices.Equal(found, want) {
			t.Fatalf("%s: %v, in the model %v", at, found, want)
		}
	}
}

// TestAgainstAModel runs random workers, which fail, are killed, lose replies and come late, against a plain queue.
func TestAgainstAModel(t *testing.T) {
	testkit.Checks(t, 25)
	rapid.Check(t, func(rt *rapid.T) {
		m := newModel(rt, t)
		workers := []string{"a", "b", "c"}
		names := 0
		rt.Repeat(map[string]func(*rapid.T){
			"": m.check,
			"write": func(t *rapid.T) {
				m.write(rapid.IntRange(1, 50).Draw(t, "places"), rapid.SampledFrom([]string{"matched", "matched", "expired"}).Draw(t, "kind"))
			},
			"fill": func(*rapid.T) { m.fill() },
			"call": func(t *rapid.T) {
				worker := rapid.SampledFrom(workers).Draw(t, "worker")
				var rows []row
				for _, id := range slices.Sorted(maps.Keys(m.held[worker])) {
					verdict := rapid.SampledFrom([]string{"", "", done, dead, back, keep, strconv.FormatInt(pause.Milliseconds(), 10)}).Draw(t, "verdict")
					if verdict != "" {
						rows = append(rows, row{ID: id, Delivery: m.held[worker][id], Verdict: verdict, Problem: "why"})
					}
				}
				slots := rapid.IntRange(0, 8).Draw(t, "slots")
				leaving := slots == 0 && rapid.Bool().Draw(t, "leaving") // a leaving worker wants nothing
				m.call(worker, slots, rows, rapid.Bool().Draw(t, "lost"), leaving)
			},
			"kill": func(t *rapid.T) { // another process comes
				i := rapid.IntRange(0, len(workers)-1).Draw(t, "worker")
				names++
				workers[i] = fmt.Sprint("new", names)
			},
			"wait": func(t *rapid.T) {
				m.now = m.now.Add(rapid.SampledFrom([]time.Duration{time.Second, lease, pause}).Draw(t, "for"))
				m.env.Embedded.SetTime(m.now)
			},
			"settle dead": func(t *rapid.T) {
				var ids []string
				for _, id := range m.order {
					if e := m.events[id]; (e.where == isDead || e.where == isReady) && rapid.Bool().Draw(t, "chosen") && len(ids) < 10 {
						ids = append(ids, id)
					}
				}
				again := rapid.Bool().Draw(t, "again")
				found, ok, err := Settle(m.ctx, m.in, "g", again, ids)
				if err != nil || !ok {
					t.Fatal(ok, err)
				}
				for _, id := range ids {
					e := m.events[id]
					if (e.where == isDead) != slices.Contains(found, id) {
						t.Fatalf("settled %v: %s is %s", found, id, e.where)
					}
					if e.where == isDead && again {
						*e = modelEvent{where: isReady}
					} else if e.where == isDead {
						e.where = isOver
					}
				}
			},
		})
		m.fill()
		for range 400 { // one worker that ends all
			m.call("last", 32, rowsOf(m.held["last"]), false, false)
			m.now = m.now.Add(2 * pause)
			m.env.Embedded.SetTime(m.now)
			if !slices.ContainsFunc(slices.Collect(maps.Values(m.events)), func(e *modelEvent) bool { return e.where == isReady || e.where == isLeased }) {
				return
			}
		}
		rt.Fatal("some events never end")
	})
}

func rowsOf(held map[string]int) (rows []row) {
	for id, delivery := range held {
		rows = append(rows, row{ID: id, Delivery: delivery, Verdict: done})
	}
	return rows
}
