package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxDuration keeps times in 13 digits of milliseconds.
const maxDuration = 100 * 365 * 24 * time.Hour

// maxNumber keeps sums of numbers exact enough. It is more than any rating.
const maxNumber = 1e15

const numberProblem = "must be a number from -1e15 to 1e15"

// Complete checks rules and fills in their defaults. What means the same becomes the same: a step that changes nothing is
// dropped, a set is sorted. Errors are *Error.
func Complete(r Rules) (Rules, error) {
	r.Interval = orElse(r.Interval, 5*time.Second)
	r.TicketTTL = orElse(r.TicketTTL, time.Minute)
	r.Size = orElse(r.Size, 2)
	if err := r.checkTimes(); err != nil {
		return Rules{}, err
	}
	if r.Size < 2 || r.Size > MaxSize {
		return Rules{}, wrong("size", "must be from 2 to %d, not %d", MaxSize, r.Size)
	}
	if len(r.Rules) > MaxRules {
		return Rules{}, wrong("rules", "must be at most %d rules, not %d", MaxRules, len(r.Rules))
	}
	list := make([]Rule, len(r.Rules))
	for i := range r.Rules {
		at := fmt.Sprintf("rules[%d]", i)
		var err error
		if list[i], err = completeRule(at, r.Rules[i]); err != nil {
			return Rules{}, err
		}
		if first := slices.IndexFunc(list[:i], func(other Rule) bool { return other.Name == list[i].Name }); first >= 0 {
			return Rules{}, wrong(at+".name", "is %q, as that of rules[%d]; give each rule a name of its own", shorten(list[i].Name), first)
		}
	}
	r.Rules = list
	if err := r.completePolicy(); err != nil {
		return Rules{}, err
	}
	data, err := encode(&r)
	if err == nil && len(data) > MaxBytes {
		err = wrong("", "must be at most %d bytes with all defaults, not %d", MaxBytes, len(data))
	}
	return r, err
}

func orElse[T comparable](value, otherwise T) T {
	var none T
	if value == none {
		return otherwise
	}
	return value
}

func wrong(place, format string, args ...any) error {
	return &Error{place, fmt.Sprintf(format, args...)}
}

func (r *Rules) checkTimes() error {
	if r.Interval != AtOnce {
		if problem := durationProblem(r.Interval, time.Millisecond); problem != "" {
			return wrong("interval", "%s, or 0s for no windows", problem)
		}
	}
	if r.TicketTTL != Never {
		if problem := durationProblem(r.TicketTTL, time.Millisecond); problem != "" {
			return wrong("ticket_ttl", "%s, or never", problem)
		}
	}
	if r.ReadyTimeout != 0 {
		if problem := durationProblem(r.ReadyTimeout, 100*time.Millisecond); problem != "" {
			return wrong("ready_timeout", "%s, or 0s for no ready check", problem)
		}
	}
	return nil
}

// completePolicy completes the fields whose meaning depends on whether there are rules.
func (r *Rules) completePolicy() error {
	if problem := choiceProblem(r.Prefer, "", Quality, Matches); problem != "" {
		return wrong("prefer", "%s", problem)
	}
	if r.Policy == "" {
		r.Policy = ByRules
	}
	if problem := nameProblem(r.Policy); problem != "" {
		return wrong("policy", "%s", problem)
	}
	builtIn := r.Policy == ByRules || r.Policy == ByOrder || r.Policy == ByChance
	if builtIn && r.Source != "" {
		return wrong("source", "must be empty with the policy %q; give your own another name", r.Policy)
	}
	if !builtIn && strings.TrimSpace(r.Source) == "" {
		return wrong("source", "must be the Lua of the policy %q", shorten(r.Policy))
	}
	if len(r.Rules) > 0 && r.Policy != ByRules {
		return wrong("policy", "is %q, which reads no rules; use %q or remove rules (a policy of your own asks matchq.permitted)", shorten(r.Policy), ByRules)
	}
	if len(r.Rules) == 0 && r.Policy == ByRules {
		r.Policy = ByOrder // the same matches at a lower cost
	}
	hasDistance := slices.ContainsFunc(r.Rules, func(rule Rule) bool { return rule.Type == Distance })
	if r.Prefer == "" || !hasDistance {
		r.Prefer = Quality // without a distance all matches are as good
	}
	return nil
}

// durationProblem is why a duration can't be used, "" if it can.
func durationProblem(d, least time.Duration) string {
	if d < least || d > maxDuration || d%time.Millisecond != 0 {
		return fmt.Sprintf("must be whole milliseconds from %v to 100 years", least)
	}
	return ""
}

func choiceProblem(value string, choices ...string) string {
	if slices.Contains(choices, value) {
		return ""
	}
	choices = slices.DeleteFunc(choices, func(choice string) bool { return choice == "" })
	return fmt.Sprintf("must be %s, not %q", strings.Join(choices, " or "), shorten(value))
}

func nameProblem(name string) string {
	switch {
	case name == "" || len(name) > MaxName:
		return fmt.Sprintf("must have 1 to %d bytes", MaxName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return "must be valid Unicode without control characters"
	}
	return ""
}
