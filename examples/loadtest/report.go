package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

// report is the result of a run, as --json writes it.
type report struct {
	What     string         `json:"what"`
	Asked    int            `json:"asked"`
	Queued   int            `json:"queued"`
	Matched  int            `json:"matched"` // players
	Ended    map[string]int `json:"ended"`   // other outcomes
	Errors   map[string]int `json:"errors"`  // by code
	Skipped  int            `json:"skipped"` // arrivals for which no player was free
	Repeats  int            `json:"repeats"` // matches that a player was told of again
	Returned int            `json:"returned"`

	SecondsToLastQueued float64 `json:"seconds_to_last_queued"` // from the first request
	SecondsToLastTold   float64 `json:"seconds_to_last_told"`
	QueuedPerSecond     float64 `json:"queued_per_second"`
	ToldPerSecond       float64 `json:"told_per_second"`

	Times      []times  `json:"times"`
	Broken     []string `json:"broken_promises"`
	MoreBroken int      `json:"more_broken_promises"`

	hints    []string
	measured [measures]*measure
}

// times is a distribution of times, in milliseconds.
type times struct {
	Name  string  `json:"name"`
	Count int64   `json:"count"`
	P50   float64 `json:"p50_ms"`
	P90   float64 `json:"p90_ms"`
	P99   float64 `json:"p99_ms"`
	Max   float64 `json:"max_ms"`
}

// report compares the messages with each other and sums the run up.
func (t *test) report() *report {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.conclude()
	r := &report{
		What: t.options.what(), Asked: t.asked, Queued: t.queued, Matched: t.matched, Ended: t.ended, Errors: t.errors,
		Skipped: t.skipped, Repeats: t.checker.repeats, Returned: t.reconnects,
		Broken: t.checker.broken, MoreBroken: t.checker.more, measured: t.measures,
	}
	r.SecondsToLastQueued, r.QueuedPerSecond = rate(t.queued, t.first, t.lastQueued)
	r.SecondsToLastTold, r.ToldPerSecond = rate(t.matched, t.first, t.lastTold)
	for i, m := range t.measures {
		if m.count() > 0 {
			r.Times = append(r.Times, times{measureNames[i], m.count(), m.at(50), m.at(90), m.at(99), m.at(100)})
		}
	}
	for _, code := range slices.Sorted(maps.Keys(t.errors)) {
		if todo := hint(code); todo != "" {
			r.hints = append(r.hints, code+": "+todo)
		}
	}
	return r
}

// conclude makes the checks that are possible at the end only.
func (t *tally) conclude() {
	ours := make(map[string]bool, len(t.all))
	for _, p := range t.all {
		ours[p.name] = true
	}
	t.checker.finish(func(name string) bool { return ours[name] })
	for _, code := range slices.Sorted(maps.Keys(t.errors)) {
		if !t.options.allow[code] {
			t.checker.breakf("%d errors %s: %s", t.errors[code], code, t.details[code])
		}
	}
}

// rate is how long something took, and how often it happened a second.
func rate(count int, from, to time.Time) (took, perSecond float64) {
	if count == 0 {
		return 0, 0
	}
	took = to.Sub(from).Seconds()
	return took, float64(count) / max(took, 0.001)
}

// what describes the run.
func (o *options) what() string {
	by, how := "WebSockets", "all in one moment"
	if o.http {
		by = "HTTP"
	}
	if !o.burst {
		how = fmt.Sprintf("%g a second", o.rate)
	}
	return fmt.Sprintf("%s: %d players, queues: %d, %s", by, o.players, o.queues, how)
}

// print prints the report for people.
func (r *report) print(out io.Writer) {
	fmt.Fprintf(out, "%s\n\n", r.What)
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "milliseconds\tcount\tp50\tp90\tp99\tmax\t")
	for _, t := range r.Times {
		fmt.Fprintf(table, "%s\t%d\t%.1f\t%.1f\t%.1f\t%.1f\t\n", t.Name, t.Count, t.P50, t.P90, t.P99, t.Max)
	}
	_ = table.Flush() // of standard output
	fmt.Fprintf(out, "\nasked %d, queued %d within %.2f s (%.0f/s), matched %d within %.2f s (%.0f/s)\n",
		r.Asked, r.Queued, r.SecondsToLastQueued, r.QueuedPerSecond, r.Matched, r.SecondsToLastTold, r.ToldPerSecond)
	for _, counts := range []map[string]int{r.Ended, r.Errors} {
		for _, what := range slices.Sorted(maps.Keys(counts)) {
			fmt.Fprintf(out, "%s: %d\n", what, counts[what])
		}
	}
	for what, count := range map[string]int{"skipped, no player was free": r.Skipped, "told again of a match": r.Repeats} {
		if count > 0 {
			fmt.Fprintf(out, "%s: %d\n", what, count)
		}
	}
	for _, h := range r.hints {
		fmt.Fprintln(out, h)
	}
	for _, broken := range r.Broken {
		fmt.Fprintln(out, "BROKEN", broken)
	}
	if r.MoreBroken > 0 {
		fmt.Fprintf(out, "BROKEN and %d more\n", r.MoreBroken)
	}
}

// save writes the files that are wanted; "" is none.
func (r *report) save(jsonFile, svgFile string) error {
	if jsonFile != "" {
		encoded, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		//nolint:gosec // the user names the file
		if err := os.WriteFile(jsonFile, append(encoded, '\n'), 0o600); err != nil {
			return err
		}
	}
	if svgFile != "" {
		return r.draw(svgFile)
	}
	return nil
}

// hint says what to do about an error code.
func hint(code string) string {
	switch code {
	case "rate_limited":
		return "start the server with --rate-limit off, or give its API key by --token"
	case "unauthorized", "forbidden":
		return "give the server's API key by --token, or take guest tokens by --guests (the server needs --demo)"
	case "not_found":
		return "check --url; --guests needs a server with --demo"
	case "overloaded":
		return "ask more slowly (--rate), or accept it with --allow overloaded"
	case codeBroken:
		return "the server's log says why; with --reconnect players come back"
	default:
		return ""
	}
}
