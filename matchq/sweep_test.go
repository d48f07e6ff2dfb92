package matchq_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/rules"
)

// large is a queue with a batch of rules that takes several calls: of players whose ratings are 10 apart, so that only
// those with one rating meet.
type large struct {
	testing.TB
	m   *matchq.Matcher
	env *matchqtest.Env
}

const largeQueue = "q"

func newLarge(t testing.TB, env *matchqtest.Env, cfg matchq.Config, ready time.Duration) *large {
	t.Helper()
	cfg.Rules = map[string]matchq.Rules{"*": {ReadyTimeout: ready, TicketTTL: time.Hour, Rules: []rules.Rule{{Type: rules.Distance, Max: 1}}}}
	return &large{t, newMatcher(t, env, cfg), env}
}

// join enqueues players of some ratings, and returns their tickets' ids. Names tell calls apart.
func (l *large) join(name string, ratings ...int) (ids []string) {
	l.Helper()
	requests := make([]matchq.Request, len(ratings))
	for i, rating := range ratings {
		requests[i] = matchq.Request{Queue: largeQueue, Player: fmt.Sprint(name, i), Rating: new(10 * float64(rating))}
	}
	results, err := l.m.EnqueueAll(l.Context(), requests)
	if err != nil {
		l.Fatal(err)
	}
	for _, r := range results {
		if ids = append(ids, r.Ticket.ID); r.Err != nil {
			l.Fatal(r.Err)
		}
	}
	return ids
}

// upTo is -n/2 … n/2-1.
func upTo(n int) []int {
	numbers := make([]int, n)
	for i := range numbers {
		numbers[i] = i - n/2
	}
	return numbers
}

// call makes one call of a tick. It returns how the state of the batch begins afterwards: g while it is gathered, s while
// it is swept, r while the rest returns, "" when it is done.
func (l *large) call() (report matchq.TickReport, state string) {
	l.Helper()
	report, err := l.m.TickOnce(l.Context(), largeQueue)
	if err != nil {
		l.Fatal(err)
	}
	state = l.env.Client.HGet(l.Context(), "{"+l.m.Config().Namespace+"}:batches", largeQueue).Val()
	if report.More != (state != "") {
		l.Fatalf("the state of the batch is %q: %+v", state, report)
	}
	return report, state[:min(1, len(state))]
}

// until makes calls until the batch is in a state.
func (l *large) until(want string) {
	l.Helper()
	for range 100 {
		if _, state := l.call(); state == want {
			return
		}
	}
	l.Fatalf("the batch does not get to %q", want)
}

// line is the ids in a queue, in their order.
func (l *large) line() (line []string) {
	l.Helper()
	for _, list := range []string{"passed", "waiting"} {
		ids, err := l.env.Client.LRange(l.Context(), "{"+l.m.Config().Namespace+"}:"+list+":"+largeQueue, 0, -1).Result()
		if err != nil {
			l.Fatal(err)
		}
		line = append(line, ids...)
	}
	return line
}

// ranked is how many members the batch has in ranks.
func (l *large) ranked() int64 {
	l.Helper()
	return l.env.Client.ZCard(l.Context(), "{"+l.m.Config().Namespace+"}:rank:"+largeQueue).Val()
}

// want checks the states of tickets.
func (l *large) want(state matchq.State, ids ...string) {
	l.Helper()
	for i, id := range ids {
		if got, err := l.m.Ticket(l.Context(), id); err != nil || got.State != state {
			l.Fatalf("ticket %d must be %s: %+v, %v", i, state, got, err)
		}
	}
}

// wantLine checks that a batch is done, and the players in line.
func (l *large) wantLine(ids ...string) {
	l.Helper()
	if line := l.line(); !slices.Equal(line, ids) {
		l.Errorf("%d stand in line, not %d: %v, %v", len(line), len(ids), line, ids)
	}
	checkAudit(l, l.m)
	for _, key := range l.env.Client.Keys(l.Context(), "{"+l.m.Config().Namespace+"}:*").Val() {
		if name := key[strings.Index(key, "}:")+2:]; name == "batches" || strings.HasPrefix(name, "rank:") || strings.HasPrefix(name, "passed:") {
			l.Errorf("%s stays", key)
		}
	}
}

// Nobody is out of reach because of the place in line: 300 pairs, 300 places apart, all meet in one tick, with a ready
// check too.
func TestPlaceInLineKeepsNobodyApart(t *testing.T) {
	for _, ready := range []time.Duration{0, time.Hour} {
		t.Run(fmt.Sprint("ready check ", ready), func(t *testing.T) {
			matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
				t.Parallel()
				l := newLarge(t, env, matchq.Config{}, ready)
				first, last := l.join("a", upTo(300)...), l.join("b", upTo(300)...)
				alone := l.join("c", math.MaxInt32)
				tick(t, l.m, largeQueue)
				for i := range first {
					got, err := l.m.Ticket(t.Context(), first[i])
					if err != nil || got.Match == nil || got.Match.Tickets[0].ID != first[i] || got.Match.Tickets[1].ID != last[i] {
						t.Fatalf("player %d: %+v, %v", i, got, err)
					}
				}
				line := alone
				if ready > 0 {
					line = slices.Concat(first, last, alone)
				}
				l.wantLine(line...)
			})
		})
	}
}

// between is an event between two calls of a batch of 50 pairs, whose halves stand 50 places apart.
type between struct {
	name string
	do   func(l *large, first, last []string)
	// want checks its result, after all ticks; step is that before which it happened.
	want func(l *large, step string, first, last []string)
}

// allMeet wants all pairs, but some, matched.
func allMeet(l *large, first, last []string, except ...int) {
	l.Helper()
	for i := range first {
		if !slices.Contains(except, i) {
			l.want(matchq.Matched, first[i], last[i])
		}
	}
}

var betweenCalls = []between{
	{"nothing", func(*large, []string, []string) {}, func(l *large, _ string, first, last []string) {
		allMeet(l, first, last)
		l.wantLine()
	}},
	{"a player gives up", func(l *large, first, _ []string) {
		if err := l.m.Cancel(l.Context(), first[len(first)-1], ""); err != nil {
			if _, matched := errors.AsType[*matchq.MatchedError](err); !matched {
				l.Fatal(err)
			}
		}
	}, func(l *large, step string, first, last []string) {
		at := len(first) - 1 // with the highest rating: one of the last in rank
		allMeet(l, first, last, at)
		if step == "r" {
			l.want(matchq.Matched, first[at], last[at])
			l.wantLine()
			return
		}
		l.want(matchq.Cancelled, first[at])
		l.want(matchq.Waiting, last[at])
		l.wantLine(last[at])
	}},
	{"newcomers", func(l *large, _, _ []string) { l.join("new", 1000, 1000) }, func(l *large, _ string, first, last []string) {
		allMeet(l, first, last)
		if line := l.line(); len(line) != 2 {
			l.Errorf("a batch takes no newcomers: %v", line)
		}
		tick(l, l.m, largeQueue)
		l.wantLine()
	}},
	{"other rules", func(l *large, _, _ []string) {
		setRules(l, l.m, "*", matchq.Rules{Rules: []rules.Rule{{Type: rules.Distance, Max: 2}}})
	}, func(l *large, step string, first, last []string) {
		if line := l.line(); step == "g" && !slices.Equal(line, slices.Concat(first, last)) {
			l.Errorf("under other rules a batch returns in its order: %v", line)
		}
		if l.ranked() > 0 {
			l.Error("ranks stay")
		}
		tick(l, l.m, largeQueue)
		allMeet(l, first, last)
		l.wantLine()
	}},
	{"first come, first served", func(l *large, _, _ []string) { setRules(l, l.m, "*", matchq.Rules{}) },
		func(l *large, step string, first, _ []string) {
			tick(l, l.m, largeQueue)
			if got, err := l.m.Ticket(l.Context(), first[0]); step == "g" && (err != nil || got.Match.Tickets[1].ID != first[1]) {
				l.Errorf("the first two must meet: %+v, %v", got, err)
			}
			l.wantLine()
		}},
	{"a pause", func(l *large, _, _ []string) {
		if err := l.m.Pause(l.Context(), largeQueue); err != nil {
			l.Fatal(err)
		}
	}, func(l *large, step string, first, last []string) {
		if line := l.line(); step == "g" && !slices.Equal(line, slices.Concat(first, last)) {
			l.Errorf("in a pause a batch returns in its order: %v", line)
		}
		if err := l.m.Resume(l.Context(), largeQueue); err != nil {
			l.Fatal(err)
		}
		tick(l, l.m, largeQueue)
		allMeet(l, first, last)
		l.wantLine()
	}},
	{"a drain", func(l *large, _, _ []string) {
		if _, err := l.m.Drain(l.Context(), largeQueue); err != nil {
			l.Fatal(err)
		}
		if l.ranked() > 0 {
			l.Error("ranks stay")
		}
	}, func(l *large, step string, first, _ []string) {
		if step == "g" {
			l.want(matchq.Cancelled, first...)
		}
		l.wantLine()
	}},
}

// Whatever happens between two calls, a large batch ends in order, and loses nobody.
func TestLargeBatchesAreInterrupted(t *testing.T) {
	for _, c := range betweenCalls {
		for _, step := range []string{"g", "s", "r"} {
			t.Run(c.name+" before "+step, func(t *testing.T) {
				matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
					t.Parallel()
					l := newLarge(t, env, matchq.Config{Limit: 32}, 0)
					first, last := l.join("a", upTo(50)...), l.join("b", upTo(50)...)
					l.until(step)
					c.do(l, first, last)
					for range 20 {
						if _, state := l.call(); state == "" {
							break
						}
					}
					c.want(l, step, first, last)
				})
			})
		}
	}
}

// Tickets that expire on the way of a large batch are not matched, and leave their places.
func TestTicketsOfALargeBatchExpireOnTheWay(t *testing.T) {
	for _, step := range []string{"g", "s", "r"} {
		env := matchqtest.Embedded(t)
		now := time.UnixMilli(1_700_000_000_000)
		env.Embedded.SetTime(now)
		l := newLarge(t, env, matchq.Config{Limit: 32}, 0)
		first, last := l.join("a", upTo(50)...), l.join("b", upTo(50)...)
		mortal := l.mortal("late", 245, -245, 1000, -1000)
		l.until(step)
		env.Embedded.SetTime(now.Add(time.Minute))
		tick(t, l.m, largeQueue)
		l.want(matchq.Expired, mortal...)
		allMeet(l, first, last)
		l.wantLine()
	}
}

// mortal enqueues players who wait for a minute at most.
func (l *large) mortal(name string, ratings ...float64) (ids []string) {
	l.Helper()
	for i, rating := range ratings {
		t, err := l.m.Enqueue(l.Context(), matchq.Request{Queue: largeQueue, Player: fmt.Sprint(name, i), Rating: &rating, TTL: time.Minute})
		if ids = append(ids, t.ID); err != nil {
			l.Fatal(err)
		}
	}
	return ids
}

// Released tickets stand in front of a large batch that is under way, and wait for the next one.
func TestReleasedTicketsStandInFrontOfALargeBatch(t *testing.T) {
	for _, step := range []string{"g", "s", "r"} {
		t.Run("before "+step, func(t *testing.T) {
			matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
				t.Parallel()
				l := newLarge(t, env, matchq.Config{Limit: 32}, 0)
				old := l.join("early", 0, 0)
				tick(t, l.m, largeQueue)
				first, last := l.join("a", upTo(50)...), l.join("b", upTo(50)...)
				l.until(step)
				released, err := l.m.Ticket(t.Context(), old[0])
				if err == nil {
					_, _, err = l.m.Release(t.Context(), released.Match.ID, "no server")
				}
				if err != nil {
					t.Fatal(err)
				}
				for range 20 {
					if _, state := l.call(); state == "" {
						break
					}
				}
				allMeet(l, first, last)
				var again []string
				for _, player := range []string{"early0", "early1"} {
					ticket, err := l.m.TicketOf(t.Context(), player)
					if again = append(again, ticket.ID); err != nil || ticket.State != matchq.Waiting {
						t.Fatalf("%s: %+v, %v", player, ticket, err)
					}
				}
				l.wantLine(again...)
			})
		})
	}
}
