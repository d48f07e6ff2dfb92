package questions

import (
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

const (
	maxBadSets = 1024             // that are remembered
	badSetFor  = 10 * time.Second // how long one is remembered
	maxProblem = 200              // bytes of a logged problem
	logEvery   = 10 * time.Second // between two lines of the log
	logBurst   = 10               // lines at once
	ellipsis   = "…"
)

// badSetError is an answer of the service that is about one questionnaire.
type badSetError struct{ problem string } // "" for an unknown questionnaire

func (e *badSetError) Error() string { return e.problem }

// badSets remembers questionnaires without good questions. Players choose the names, so memory and log are bounded.
type badSets struct {
	until   *lru.Cache[string, time.Time]
	log     *slog.Logger
	allowed *rate.Limiter
	omitted atomic.Int64 // problems without a line in the log since the last line
}

func newBadSets(log *slog.Logger) *badSets {
	until, err := lru.New[string, time.Time](maxBadSets)
	if err != nil {
		panic(err) // of a size that is not positive
	}
	return &badSets{until: until, log: log, allowed: rate.NewLimiter(rate.Every(logEvery), logBurst)}
}

// has reports whether a questionnaire was bad a moment ago.
func (b *badSets) has(set string) bool {
	until, found := b.until.Get(set)
	return found && time.Now().Before(until)
}

// add remembers a bad questionnaire and logs its problem.
func (b *badSets) add(set string, err *badSetError) {
	b.until.Add(set, time.Now().Add(badSetFor))
	if err.problem != "" {
		b.report(set, err.problem)
	}
}

// report logs why there are no questions, unless there were too many lines lately.
func (b *badSets) report(set, problem string) {
	if !b.allowed.Allow() {
		b.omitted.Add(1)
		return
	}
	if len(problem) > maxProblem {
		problem = strings.ToValidUTF8(problem[:maxProblem], "") + ellipsis
	}
	args := []any{"questionnaire", set, "problem", problem}
	if omitted := b.omitted.Swap(0); omitted > 0 {
		args = append(args, "omitted_lines", omitted)
	}
	b.log.Warn("the questions' API gives no questions of this questionnaire", args...)
}
