// Package rulebook holds the rules by which the queues of a namespace are matched. They live in Redis, under patterns of
// queues' names and with a version; a process keeps a copy, its Book, and says with each call which version it knows. A
// call under another version changes nothing: the process reads the rules again and repeats it.
package rulebook

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/rules"
)

// Limits of the rules of a namespace.
const (
	MaxPatterns = 256
	MaxChanges  = 50 // of which is known who made them
)

// Sources of rules.
const (
	Operator      = "operator"      // somebody set them while nodes ran
	Configuration = "configuration" // a node was started with them
)

// Rule is the value of a pattern in Redis.
type Rule struct {
	Rules  rules.Rules
	Source string
	By     string // who set them, in words of the caller
	At     time.Time
	Err    error // why this process can't read them; Rules is then empty

	json string // as it is stored
}

// Book is the rules of one version. It does not change.
type Book struct {
	Version string
	Rules   map[string]Rule // by pattern

	plans    map[string]*Plan // by pattern
	lengths  []int            // of the beginnings that patterns with a * have, the longest first
	fallback *Plan            // of queues that no pattern covers
}

// newBook makes a Book.
func newBook(version string, stored map[string]Rule) *Book {
	b := &Book{Version: version, Rules: stored, plans: map[string]*Plan{}, fallback: newPlan("", Rule{})}
	for pattern, rule := range stored {
		b.plans[pattern] = newPlan(pattern, rule)
		if begin, many := strings.CutSuffix(pattern, "*"); many && !slices.Contains(b.lengths, len(begin)) {
			b.lengths = append(b.lengths, len(begin))
		}
	}
	slices.Sort(b.lengths)
	slices.Reverse(b.lengths)
	return b
}

// Plan has the rules that a queue is matched by: those under its own name, else under the longest pattern with a * whose
// text its name begins with, else the defaults.
func (b *Book) Plan(queue string) *Plan {
	if plan, found := b.plans[queue]; found && !strings.HasSuffix(queue, "*") {
		return plan
	}
	for _, length := range b.lengths {
		if len(queue) < length {
			continue
		}
		if plan, found := b.plans[queue[:length]+"*"]; found {
			return plan
		}
	}
	return b.fallback
}

// Best is the one of some patterns whose rules a queue has, as Plan chooses; "" if none covers it.
func Best(queue string, patterns ...string) string {
	best := ""
	for _, pattern := range patterns {
		begin, many := strings.CutSuffix(pattern, "*")
		if !many && pattern == queue && queue != "" {
			return pattern
		}
		if many && strings.HasPrefix(queue, begin) && len(pattern) > len(best) {
			best = pattern
		}
	}
	return best
}

// Shortest is the shortest interval of all plans.
func (b *Book) Shortest() time.Duration {
	shortest := b.fallback.Interval
	for _, plan := range b.plans {
		shortest = min(shortest, plan.Interval)
	}
	return shortest
}

// PlanOf is the plan of a pattern that has rules.
func (b *Book) PlanOf(pattern string) *Plan { return b.plans[pattern] }

// PatternProblem describes the fault of a pattern, "" if it has none.
func PatternProblem(pattern string) string {
	if begin, _ := strings.CutSuffix(pattern, "*"); begin == "" && pattern != "" {
		return ""
	}
	return space.NameProblem(pattern)
}

// versionOf names a set of rules: how many changes came before it, and a hash, by which two sets differ that a failover
// has given the same count, or that hold beside another fingerprint.
func versionOf(count int, fingerprint string, stored map[string]Rule) string {
	hash := sha256.New()
	fmt.Fprintln(hash, fingerprint)
	for _, pattern := range slices.Sorted(maps.Keys(stored)) {
		fmt.Fprintf(hash, "%s\t%s\t%s\n", pattern, stored[pattern].Source, stored[pattern].json)
	}
	return fmt.Sprintf("%d.%s", count, hex.EncodeToString(hash.Sum(nil)[:6]))
}

// countOf is the number of changes in a version; 0 for none.
func countOf(version string) int {
	count := 0
	_, _ = fmt.Sscanf(version, "%d.", &count)
	return count
}
