package matchqtest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/sandbox"
	"github.com/matchq/matchq/matchq/internal/space"
)

// PolicyUnderTest is a policy of your own, to be tried without a queue.
type PolicyUnderTest struct{ source string }

// Policy makes a PolicyUnderTest of the source of a matchq.LuaPolicy.
func Policy(source string) *PolicyUnderTest { return &PolicyUnderTest{source} }

// Ticket is a waiting ticket as a test makes it up.
type Ticket struct {
	Player     string        // a name; defaults to "p1" for the first, "p2" for the second, …
	Rating     *float64      // defaults to nil: none
	Attributes string        // JSON of at most 4 KiB; defaults to "": none
	Waited     time.Duration // in whole milliseconds; defaults to 0
}

// Grouping is the result of a policy for a batch.
type Grouping struct {
	Matches []PolicyMatch
	Left    []string // the players who keep waiting, in the order of the batch
	Steps   int      // that it took, of the 20,000 that a batch may take

	// Warnings name, with their lines, results that a real Redis may compute otherwise than the embedded one of Group: the
	// order of pairs and next, math.random, and what table.sort leaves open in this batch. None is an error.
	Warnings []string
}

// PolicyMatch is a match that a policy made.
type PolicyMatch struct {
	Players []string        // in the order of the policy
	Data    json.RawMessage // nil for none
}

// PolicyError says that a policy can't be loaded, or that it failed: it would be replaced by FIFO.
type PolicyError struct {
	Line    int // of the source; 0 if no line is known
	Problem string
}

func (e *PolicyError) Error() string {
	if e.Line == 0 {
		return "policy: " + e.Problem
	}
	return fmt.Sprintf("policy, line %d: %s", e.Line, e.Problem)
}

// Group lets the policy group a batch of at most 128 tickets, the first in line first, for matches of size players, from 2
// to 16. It runs on an embedded Redis of its own, in the sandbox in which matchq runs policies, with the same helpers and
// limits. Safe for use by many goroutines. Errors: *PolicyError; others about the batch or the size.
func (p *PolicyUnderTest) Group(batch []Ticket, size int) (Grouping, error) {
	compiled, fault := sandbox.Compile(policyName, p.source)
	if fault != nil {
		return Grouping{}, &PolicyError{fault.Line, fault.Problem}
	}
	if size < 2 || size > 16 || len(batch) > maxBatch {
		return Grouping{}, fmt.Errorf("matchqtest: a batch must have at most %d tickets, for matches of 2 to 16 players, not %d and %d", maxBatch, len(batch), size)
	}
	rows := make([]sandbox.Row, len(batch))
	players := make([]string, len(batch))
	for i := range batch {
		players[i] = cmp.Or(batch[i].Player, "p"+strconv.Itoa(i+1))
		record, problem := batch[i].record(players[i])
		if problem != "" {
			return Grouping{}, fmt.Errorf("matchqtest: ticket %d (%s) %s", i+1, players[i], problem)
		}
		rows[i] = sandbox.Row{ID: "ticket-" + strconv.Itoa(i+1), Record: record}
	}
	tried, fault, err := try(compiled, size, rows)
	if err != nil {
		return Grouping{}, err
	}
	g := grouping(&tried, players, size)
	if fault != nil {
		return g, &PolicyError{fault.Line, fault.Problem}
	}
	return g, nil
}

const (
	policyName = "test"
	maxBatch   = 128
	triedAtMS  = 1_800_000_000_000 // any time will do, if it is always the same
)

// record is the ticket as it would be stored.
func (t *Ticket) record(player string) (record, problem string) {
	if problem = space.NameProblem(player); problem != "" {
		return "", "has a name that " + problem
	}
	attributes, problem := codec.CompactJSON(json.RawMessage(t.Attributes), 4<<10, codec.MaxDepth)
	if problem != "" {
		return "", "has attributes that " + problem
	}
	if problem = codec.DurationProblem(t.Waited, 0); problem != "" {
		return "", "has waited for a time that " + problem
	}
	r := codec.Record{
		TTLMS: codec.NeverMS, ExpiresMS: triedAtMS + codec.NeverMS - t.Waited.Milliseconds(),
		Queue: "test", Player: player, Rating: t.Rating, Attributes: attributes,
	}
	return r.Text(), ""
}

// try runs a policy on a Redis that ends afterwards.
func try(compiled sandbox.Compiled, size int, rows []sandbox.Row) (t sandbox.Tried, fault *sandbox.Error, err error) {
	server := miniredis.NewMiniRedis()
	if err := server.Start(); err != nil {
		return t, nil, fmt.Errorf("matchqtest: start the embedded Redis: %w", err)
	}
	defer server.Close()
	opts := options(server.Addr())
	opts.ReadTimeout = time.Minute // it computes slowly, and much more so under the race detector
	client := redis.NewClient(opts)
	defer func() { _ = client.Close() }()
	in := space.New(space.Config{Client: client, Namespace: namespace(), Timeout: time.Minute, Logger: slog.Default()})
	return sandbox.Try(context.Background(), in, policyName, compiled, triedAtMS, size, rows)
}

func grouping(tried *sandbox.Tried, players []string, size int) Grouping {
	g := Grouping{Steps: tried.Steps}
	for at := 0; at < len(tried.Positions); at += size {
		var match PolicyMatch
		if data := tried.Data[at/size]; data != "" {
			match.Data = json.RawMessage(data)
		}
		for _, position := range tried.Positions[at : at+size] {
			match.Players = append(match.Players, players[position])
		}
		g.Matches = append(g.Matches, match)
	}
	for i, player := range players {
		if !slices.Contains(tried.Positions, i) {
			g.Left = append(g.Left, player)
		}
	}
	for _, w := range tried.Warnings {
		g.Warnings = append(g.Warnings, fmt.Sprintf("line %d: %s", w.Line, w.Text))
	}
	return g
}
