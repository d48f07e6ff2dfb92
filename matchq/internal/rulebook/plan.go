package rulebook

import (
	"errors"
	"strings"
	"time"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/sandbox"
	"github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/rules"
)

// Plan has the rules of the queues of a pattern, as scripts take them.
type Plan struct {
	Pattern  string // "" for the defaults
	Rules    rules.Rules
	Err      error // why this process can't match by it: an *UnreadableError or a *sandbox.Error
	Interval time.Duration

	IntervalMS, ReadyMS, TTLMS int64
	Recent                     int // how many of a player's latest opponents the rules read
	Policy, Source, Names      string
}

// ErrUnknown is any UnreadableError.
var ErrUnknown = errors.New("matchq: rules_unknown: this version can't read the rules of the queue; update this process")

// UnreadableError says that a process can't read rules: a newer version of this library has written them.
type UnreadableError struct {
	Pattern string
	Cause   error
}

func (e *UnreadableError) Error() string {
	return "matchq: this version can't read the rules of " + e.Pattern + ": " + e.Cause.Error()
}

// Unwrap says that the rules are unknown, and why.
func (e *UnreadableError) Unwrap() []error { return []error{ErrUnknown, e.Cause} }

// newPlan makes the plan of a rule.
func newPlan(pattern string, rule Rule) *Plan {
	p := &Plan{Pattern: pattern, Err: rule.Err}
	complete, err := rules.Complete(rule.Rules)
	if p.Rules = complete; err != nil && p.Err == nil {
		p.Err = &UnreadableError{Pattern: pattern, Cause: err}
	}
	if p.Interval = complete.Interval; p.Interval == rules.AtOnce {
		p.Interval = 0
	}
	p.IntervalMS, p.ReadyMS, p.TTLMS = p.Interval.Milliseconds(), complete.ReadyTimeout.Milliseconds(), codec.NeverMS
	if complete.TicketTTL != rules.Never {
		p.TTLMS = complete.TicketTTL.Milliseconds()
	}
	p.Policy, p.Recent = complete.Policy, complete.Recent()
	if complete.Policy == rules.ByRules {
		source, err := rules.Script(&complete)
		p.Source, p.Err = string(source), errors.Join(p.Err, err)
	}
	if complete.Source == "" {
		return p
	}
	version := sandbox.Version(complete.Policy, complete.Source)
	compiled, problem := sandbox.Compile(complete.Policy, complete.Source)
	if problem != nil {
		p.Err = errors.Join(p.Err, problem)
		return p
	}
	p.Policy, p.Source, p.Names = version, compiled.Source, strings.Join(compiled.Names, " ")
	return p
}

// PhaseMS is the place of a queue's windows in the interval: multiples of the interval, shifted by this, so that not all
// queues fall due in the same millisecond.
func (p *Plan) PhaseMS(queue string) int64 {
	if p.IntervalMS == 0 {
		return 0
	}
	return int64(space.Hash(queue)) % p.IntervalMS
}
