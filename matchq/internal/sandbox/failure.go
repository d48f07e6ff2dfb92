package sandbox

import (
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
)

// Error is a fault in a policy. matchq.PolicyError explains its fields.
type Error struct {
	Policy  string
	Line    int
	Queue   string
	Problem string
}

func (e *Error) Error() string {
	switch e.Policy {
	case "", "fifo", "random", "rules": // the library's own
		return fmt.Sprintf("matchq: queue %q can't be matched by its rules: %s; see whether other programs write to these keys, else report a fault of matchq", e.Queue, e.Problem)
	}
	text := fmt.Sprintf("matchq: policy %s:%d: %s", e.Policy, e.Line, e.Problem)
	if e.Queue != "" {
		text += fmt.Sprintf("; queue %q is matched first come, first served, until a window at least 30s later", e.Queue)
	}
	return text
}

var located = regexp.MustCompile(`(?s)^policy:(\d+): (.*)$`)

// Failed makes an Error of one of lua/lib/sandbox.lua or lua/lib/grouping.lua.
func Failed(policy, queue, raised string) *Error {
	e := &Error{Policy: policy, Queue: queue, Problem: raised}
	if found := located.FindStringSubmatch(raised); found != nil {
		if line, err := strconv.Atoi(found[1]); err == nil {
			e.Line, e.Problem = line, found[2]
		}
	}
	return e
}

// Turn is what tick.lua says of a queue's fallback.
type Turn int64

const (
	on     Turn = 1 // the queue does without its policy
	begins Turn = 2 // the same, from now on
	ends   Turn = 3 // the policy is in use again
)

// On says whether the queue was matched without its policy.
func (t Turn) On() bool { return t == on || t == begins }

// Log logs that a fallback begins or ends: once each, on the node that made the visit. A policy of the library's own has
// no fallback, so it logs each failure of one.
func (t Turn) Log(log *slog.Logger, policy, queue string, err error) {
	if t == begins || t == 0 && err != nil {
		log.Error("matchq: a policy failed", "policy", policy, "queue", queue, "error", err)
	}
	if t == ends {
		log.Info("matchq: the policy is in use again", "policy", policy, "queue", queue)
	}
}
