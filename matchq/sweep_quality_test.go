package matchq_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/lua"
	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/rules"
)

var sweepTickets = flag.Int("sweep.tickets", 2000, "tickets of one queue in TestASweepIsAsGoodAsTheWholeBatch")

// ofOneLimit are rules that permit the same in each call of a tick.
var ofOneLimit = matchq.Rules{TicketTTL: rules.Never, Rules: []rules.Rule{{Type: rules.Distance, Max: 50}}}

// normalCrowd are requests of players with a σ of 300 in their ratings.
func normalCrowd(n int) []matchq.Request {
	random := rand.New(rand.NewPCG(3, 4))
	requests := make([]matchq.Request, n)
	for i := range requests {
		requests[i] = matchq.Request{Queue: largeQueue, Player: fmt.Sprint("p", i), Rating: new(1500 + 300*random.NormFloat64())}
	}
	return requests
}

// goodness is how good pairs are.
type goodness struct {
	pairs            int
	meanGap, quality float64 // quality is the sum of (limit - gap)
}

func goodnessOf(gaps []float64) goodness {
	g := goodness{pairs: len(gaps)}
	for _, gap := range gaps {
		g.meanGap += gap / float64(len(gaps))
		g.quality += ofOneLimit.Rules[0].Max - gap
	}
	return g
}

// atOnce lets the programme of the scripts pair all requests in one call, with the window of a full call.
func atOnce(t testing.TB, rdb redis.UniversalClient, r matchq.Rules, requests []matchq.Request) goodness {
	t.Helper()
	source, err := lua.Fragment("lib/rules.lua")
	if err != nil {
		t.Fatal(err)
	}
	complete, err := rules.Complete(r)
	if err != nil {
		t.Fatal(err)
	}
	document, err := rules.Script(&complete)
	if err != nil {
		t.Fatal(err)
	}
	type ticket struct {
		Player string   `json:"player"`
		Rating *float64 `json:"rating"`
		Waited int      `json:"waited_ms"`
	}
	tickets := make([]ticket, len(requests))
	for i := range requests {
		tickets[i] = ticket{Player: requests[i].Player, Rating: requests[i].Rating}
	}
	batch, err := json.Marshal(tickets)
	if err != nil {
		t.Fatal(err)
	}
	script := redis.NewScript(source + `
local text, groups = {}, new_rules_engine().group(cjson.decode(ARGV[1]), cjson.decode(ARGV[2]), tonumber(ARGV[3]), 128)
for g = 1, #groups do
  text[g] = table.concat(groups[g].tickets, ",")
end
return table.concat(text, "],[")`)
	text, err := script.Run(t.Context(), rdb, []string{"k"}, document, batch, len(requests)).Text()
	if err != nil {
		t.Fatal(err)
	}
	var pairs [][]int
	if err := json.Unmarshal([]byte("[["+text+"]]"), &pairs); err != nil {
		t.Fatal(err)
	}
	gaps := make([]float64, len(pairs))
	for i, pair := range pairs {
		gaps[i] = math.Abs(*requests[pair[0]-1].Rating - *requests[pair[1]-1].Rating)
	}
	return goodnessOf(gaps)
}

// bestInWindow is the best that pairs at most k ranks apart can be. Within one limit the exact optimum has such pairs
// alone: of two pairs that cross or contain each other the four can be paired side by side, with no greater gaps.
func bestInWindow(requests []matchq.Request, k int) (quality float64) {
	ratings := make([]float64, len(requests))
	for i := range requests {
		ratings[i] = *requests[i].Rating
	}
	slices.Sort(ratings)
	below, row := make([]float64, 1<<k), make([]float64, 1<<k)
	for i := len(ratings) - 2; i >= 0; i-- {
		for taken := range row {
			if row[taken] = below[taken>>1]; taken&1 == 1 {
				continue
			}
			for d := 1; d <= k && i+d < len(ratings); d++ {
				gap := ratings[i+d] - ratings[i]
				if bit := 1 << (d - 1); gap <= 50 && taken>>1&bit == 0 {
					row[taken] = max(row[taken], 50-gap+below[taken>>1|bit])
				}
			}
		}
		below, row = row, below
	}
	return below[0]
}

// TestASweepIsAsGoodAsTheWholeBatch: within a thousandth. With -args -sweep.tickets=100000 it compares a large queue.
func TestASweepIsAsGoodAsTheWholeBatch(t *testing.T) {
	env := matchqtest.Real(t)
	m := newMatcher(t, env, matchq.Config{Rules: map[string]matchq.Rules{"*": ofOneLimit}, Timeout: time.Minute, Retention: time.Hour})
	requests := normalCrowd(*sweepTickets)
	for some := range slices.Chunk(requests, 10_000) {
		if _, err := m.EnqueueAll(t.Context(), some); err != nil {
			t.Fatal(err)
		}
	}
	report, err := m.TickQueue(t.Context(), largeQueue)
	if err != nil {
		t.Fatal(err)
	}
	gaps := gapsOf(t, m, report.Matches)
	if widest := slices.Max(gaps); widest > ofOneLimit.Rules[0].Max {
		t.Errorf("two meet with a gap of %v", widest)
	}
	swept, whole := goodnessOf(gaps), atOnce(t, env.Client, ofOneLimit, requests)
	best := bestInWindow(requests, 8)
	t.Logf("swept %+v, whole %+v; of the best quality %.4f, %.4f", swept, whole, swept.quality/best, whole.quality/best)
	if swept.quality < 0.999*whole.quality || swept.quality < 0.999*best || swept.pairs < whole.pairs*999/1000 {
		t.Error("the sweep is worse by more than a thousandth")
	}
	if swept.meanGap > 1.05*whole.meanGap { // some pairs at the ends weigh much here
		t.Error("the gaps are wider by more than five percent")
	}
}

// gapsOf are the gaps of the next n matches.
func gapsOf(t testing.TB, m *matchq.Matcher, n int) (gaps []float64) {
	t.Helper()
	for ev, err := range watch(t, m, matchq.FromOldest) {
		if err != nil {
			t.Fatal(err)
		}
		if ev.Kind == matchq.Matched {
			gaps = append(gaps, math.Abs(*ev.Match.Tickets[0].Rating-*ev.Match.Tickets[1].Rating))
		}
		if len(gaps) == n {
			break
		}
	}
	return gaps
}

// enqueuedAtOnce lets all tickets of a namespace have been enqueued in the same millisecond: the wait decides between
// equals.
func enqueuedAtOnce(t testing.TB, env *matchqtest.Env, namespace string) {
	t.Helper()
	const digits = 13 // of the time at which a record begins
	key := "{" + namespace + "}:tickets"
	records, at := env.Client.HGetAll(t.Context(), key).Val(), ""
	for _, record := range records {
		at = max(at, record[:digits])
	}
	for id, record := range records {
		records[id] = at + record[digits:]
	}
	if err := env.Client.HSet(t.Context(), key, records).Err(); err != nil {
		t.Fatal(err)
	}
}

// TestEmbeddedSweepsAreTheSame: the same batches, in the same calls, give the same matches on the embedded Redis as on
// the real one.
func TestEmbeddedSweepsAreTheSame(t *testing.T) {
	pairs := func(env *matchqtest.Env, seed uint64) (met []string) {
		random := rand.New(rand.NewPCG(seed, 9))
		with := matchq.Rules{TicketTTL: rules.Never, Size: 2 + random.IntN(2), Rules: []rules.Rule{
			{Type: rules.Distance, Max: float64(1 + random.IntN(300))},
			[]rules.Rule{
				{Type: rules.Equal, Attribute: "a", OptionalAfter: time.Duration(random.IntN(2)) * time.Hour},
				{Type: rules.Overlap, Attribute: "a"}, {Type: rules.Avoid, Attribute: "a"},
			}[random.IntN(3)],
		}}
		if random.IntN(3) == 0 {
			with.Rules = with.Rules[1:]
		}
		cfg := matchq.Config{
			Namespace: fmt.Sprint(env.Namespace, seed), Limit: 32 + random.IntN(60), Logger: quiet, Timeout: matchqtest.Patience,
			Rules: map[string]matchq.Rules{"*": with},
		}
		m, err := matchq.New(env.Client, cfg)
		if err != nil {
			t.Fatal(err)
		}
		requests := make([]matchq.Request, 100+random.IntN(200))
		for i := range requests {
			some := []string{`"x"`, `"y"`, `["y","z","p7"]`, `1.5`, `["p1","p2","p3"]`, `null`}[random.IntN(6)]
			requests[i] = matchq.Request{Queue: "q", Player: fmt.Sprint("p", i), ID: fmt.Sprintf("t%03d", i), Attributes: json.RawMessage(`{"a":` + some + `}`)}
			if random.IntN(9) > 0 {
				requests[i].Rating = new(float64(random.IntN(2000) - 1000))
			}
		}
		if _, err := m.EnqueueAll(t.Context(), requests); err != nil {
			t.Fatal(err)
		}
		enqueuedAtOnce(t, env, cfg.Namespace)
		report, err := m.TickQueue(t.Context(), "q")
		if err != nil {
			t.Fatal(err)
		}
		for ev, err := range watch(t, m, matchq.FromOldest) {
			if err != nil {
				t.Fatal(err)
			}
			if met = append(met, strings.Join(idsOf(ev.Tickets()), " ")); len(met) >= report.Matches {
				break
			}
		}
		return met
	}
	embedded, server := matchqtest.Embedded(t), matchqtest.Shared(t)
	matches := 0
	for seed := range uint64(20) {
		a, b := pairs(embedded, seed), pairs(server, seed)
		if matches += len(a); !slices.Equal(a, b) {
			t.Errorf("seed %d: embedded %d matches, real %d:\n%v\n%v", seed, len(a), len(b), a, b)
		}
	}
	if matches < 500 {
		t.Errorf("only %d matches", matches)
	}
}
