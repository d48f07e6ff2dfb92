package matchq

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/matchq/matchq/matchq/internal/rulebook"
	"github.com/matchq/matchq/matchq/internal/sandbox"
	"github.com/matchq/matchq/matchq/rules"
)

// Rules say how queues are matched: package rules has the fields and their defaults.
type Rules = rules.Rules

// StoredRules are rules as Redis has them.
type StoredRules struct {
	// Pattern is the name of a queue; or the beginning of names, with a * behind it; or *. A queue has the rules of its own
	// name, else of the longest beginning, else of *, else the defaults. "" for the defaults.
	Pattern string
	Rules   Rules // complete: defaults filled in
	Version string
	Source  RulesSource
	By      string    // who set them; "" for the defaults
	At      time.Time // when, by Redis's clock; zero for the defaults
	Err     error     // why this version of the library can't read them; it leaves their queues alone
}

// RulesSource is where rules come from.
type RulesSource string

// Rules of an Operator come from SetRules, those of a Configuration from a Config. The second don't replace the first.
const (
	FromOperator      RulesSource = rulebook.Operator
	FromConfiguration RulesSource = rulebook.Configuration
	FromDefaults      RulesSource = ""
)

// Edit names the author of a change of rules, and the version that the author has read.
type Edit struct {
	By      string // a name, for people
	Version string // the change is refused if another version is in force; "" for any
	DryRun  bool   // check everything, and change nothing
}

// SetRules stores rules for the queues of a pattern, on all nodes: see StoredRules. They hold from the next call on, also
// in the middle of a batch, and for proposed matches not at all. It returns the version then in force. Safe to repeat. With
// Edit.DryRun it only reports the errors that the change would have.
//
// Errors: *InvalidError that says where the rules are wrong, *PolicyError, *RulesConflictError, *ConfigError,
// ErrUnavailable. Nothing was changed then, unless the error is ErrUnavailable.
func (m *Matcher) SetRules(ctx context.Context, pattern string, r Rules, edit Edit) (version string, err error) {
	if err := checkRules("", &r); err != nil {
		return "", err
	}
	if r.Source != "" {
		if err := m.checkPolicy(ctx, Policy{r.Policy, r.Source}); err != nil {
			return "", err
		}
	}
	return m.editRules(ctx, pattern, &r, edit)
}

// DeleteRules deletes the rules of a pattern, an operator's too: its queues have those of a shorter one, else the defaults.
// Safe to repeat. Errors as for SetRules.
func (m *Matcher) DeleteRules(ctx context.Context, pattern string, edit Edit) (version string, err error) {
	return m.editRules(ctx, pattern, nil, edit)
}

func (m *Matcher) editRules(ctx context.Context, pattern string, r *Rules, edit Edit) (string, error) {
	if err := CheckPattern(pattern); err != nil {
		return "", err
	}
	if err := CheckName("by", edit.By); err != nil {
		return "", err
	}
	book, err := m.rules.Set(ctx, pattern, r, edit.By, edit.Version, edit.DryRun)
	if conflict, ok := errors.AsType[*rulebook.ConflictError](err); ok {
		return "", (*RulesConflictError)(conflict)
	}
	if full, ok := errors.AsType[*rulebook.FullError](err); ok {
		return "", &InvalidError{"pattern", full.Problem()}
	}
	if err != nil {
		return "", err
	}
	return book.Version, nil
}

// Rules are those that a queue is matched by now. Errors: *InvalidError, *ConfigError, ErrUnavailable.
func (m *Matcher) Rules(ctx context.Context, queue string) (StoredRules, error) {
	if err := CheckName("queue", queue); err != nil {
		return StoredRules{}, err
	}
	book, err := m.rules.Book(ctx)
	if err != nil {
		return StoredRules{}, err
	}
	return storedRules(book, book.Plan(queue)), nil
}

// AllRules are the rules of all patterns, by pattern, and their version. Errors: *ConfigError, ErrUnavailable.
func (m *Matcher) AllRules(ctx context.Context) (version string, all []StoredRules, err error) {
	book, err := m.rules.Refresh(ctx, m.rules.Known())
	if err != nil {
		return "", nil, err
	}
	for _, pattern := range slices.Sorted(maps.Keys(book.Rules)) {
		all = append(all, storedRules(book, book.PlanOf(pattern)))
	}
	return book.Version, all, nil
}

func storedRules(book *rulebook.Book, plan *rulebook.Plan) StoredRules {
	rule := book.Rules[plan.Pattern]
	return StoredRules{
		Pattern: plan.Pattern, Rules: plan.Rules, Version: book.Version, Source: RulesSource(rule.Source), By: rule.By, At: rule.At,
		Err: plan.Err,
	}
}

// RulesChange is a change of the rules of a pattern.
type RulesChange struct {
	StoredRules

	Deleted bool // Rules are then empty
}

// RulesChanges are the newest changes of rules, at most 50, the last one first. Errors: ErrUnavailable.
func (m *Matcher) RulesChanges(ctx context.Context) ([]RulesChange, error) {
	changes, err := rulebook.Changes(ctx, m.space)
	all := make([]RulesChange, len(changes))
	for i, c := range changes {
		all[i] = RulesChange{Deleted: c.Deleted, StoredRules: StoredRules{
			Pattern: c.Pattern, Rules: c.Rules, Version: c.Version, Source: RulesSource(c.Source), By: c.By, At: c.At, Err: c.Err,
		}}
	}
	return all, err
}

// CheckPattern checks a pattern of queues. The error is an *InvalidError.
func CheckPattern(pattern string) error { return invalid("pattern", rulebook.PatternProblem(pattern)) }

// PatternOf is the one of some patterns whose rules a queue has, if these patterns have rules: see StoredRules. "" if none
// covers the queue.
func PatternOf(queue string, patterns ...string) string { return rulebook.Best(queue, patterns...) }

// Overruled is a pattern whose rules in force are not those that a process was started with.
type Overruled struct {
	Pattern string
	Fields  string      // that the process was started with, as rules name them: "interval size"; "" for whole rules
	InForce StoredRules // instead; without a Source if the pattern has none
}

// Overruled are the rules of the Config that don't count: an operator set others, or a process that was started later did. It
// compares them with the rules that this process last read, which Run keeps current, and calls Redis for nothing.
func (m *Matcher) Overruled() []Overruled {
	book := m.rules.Known()
	if book == nil {
		return nil
	}
	var all []Overruled
	for _, pattern := range m.rules.Overruled(book) {
		o := Overruled{Pattern: pattern, InForce: StoredRules{Pattern: pattern, Version: book.Version}}
		if _, whole := m.cfg.Rules[pattern]; !whole {
			o.Fields = strings.Join(m.cfg.patch(new(Rules)), " ")
		}
		if plan := book.PlanOf(pattern); plan != nil {
			o.InForce = storedRules(book, plan)
		}
		all = append(all, o)
	}
	return all
}

// checkRules checks rules. The error is an *InvalidError, or a *PolicyError about the Lua of a policy.
func checkRules(place string, r *Rules) error {
	_, err := rules.Complete(*r)
	if wrong, ok := errors.AsType[*rules.Error](err); ok {
		return &InvalidError{place + wrong.Place, wrong.Problem}
	}
	if r.Source != "" {
		if _, fault := sandbox.Compile(r.Policy, r.Source); fault != nil {
			return (*PolicyError)(fault)
		}
	}
	return err
}
