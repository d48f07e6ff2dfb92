// Package rules holds the rules of queues: the document as people write it, its checks, its canonical form, and the form
// in which the scripts read it.
package rules

import (
	"slices"
	"time"
)

// Times that are no times. A zero field means its default.
const (
	AtOnce time.Duration = -1 // as Interval: no windows
	Never  time.Duration = -2 // as TicketTTL: no end
)

// Limits of a document.
const (
	MaxBytes = 16 << 10 // as text
	MaxRules = 16
	MaxSteps = 16
	MaxLast  = 8   // opponents that a ticket remembers
	MaxSize  = 16  // players of a match
	MaxName  = 128 // bytes of a name of an attribute or a policy
)

// Types of rules.
const (
	Distance = "distance" // numbers within a limit of each other
	Equal    = "equal"    // the same value, or the same set
	Overlap  = "overlap"  // sets with an element in common
	Latency  = "latency"  // a region that all reach within their limits
	Avoid    = "avoid"    // players that are not to meet
)

// Values of fields.
const (
	Youngest = "youngest" // every ticket must have waited long enough
	Oldest   = "oldest"   // one suffices

	Quality = "quality" // the sum of (allowed − gap) comes first
	Matches = "matches" // the number of matches comes first

	ByRules  = "rules" // the policy that reads Rules.Rules
	ByOrder  = "fifo"
	ByChance = "random"
)

// Rating is the attribute that means a ticket's rating.
const Rating = "rating"

// Rules say how a queue is matched. The zero value matches pairs, first come first served, every 5 s.
type Rules struct {
	// Interval is how long a queue gathers tickets. Defaults to 5 s.
	Interval time.Duration `json:"interval"`
	// TicketTTL is how long a ticket waits before it expires, if its request doesn't say. Defaults to 60 s.
	TicketTTL time.Duration `json:"ticket_ttl"`
	// ReadyTimeout is how long the players of a match have to accept it, at least 100 ms. Defaults to 0: no ready check.
	ReadyTimeout time.Duration `json:"ready_timeout"`
	// Size is the number of players of a match, from 2 to 16. Defaults to 2.
	Size int `json:"size"`
	// Rules say which tickets may meet: those that all of them permit. At most 16. Defaults to none: all may meet.
	Rules []Rule `json:"rules"`
	// Prefer is Quality or Matches. It decides between groupings that the first distance rule permits. Defaults to Quality.
	Prefer string `json:"prefer"`
	// Policy is ByRules, ByOrder, ByChance or a name of your own. Defaults to ByRules if there are rules, else to ByOrder.
	Policy string `json:"policy"`
	// Source is the Lua of a policy of your own; empty for the others.
	Source string `json:"source,omitzero"`
}

// Rule says which tickets may meet. A ticket that lacks the attribute meets nobody, unless the rule has a default. Attributes
// that are no object lack all; so do those with more than 128 arrays and objects, for which brackets in strings count too. Of
// a list the first 256 entries count, of a set at most 32 strings. Numbers are float64, and those beyond 1e300 count as 1e300:
// ids of more than 15 digits must be strings.
type Rule struct {
	// Name is what matches and explanations call the rule; different for each. Defaults to the attribute, else to the type.
	Name string `json:"name"`
	// Type is Distance, Equal, Overlap, Latency or Avoid.
	Type string `json:"type"`
	// Attribute is a name at the top level of a ticket's attributes. Of a distance rule it defaults to the rating.
	Attribute string `json:"attribute,omitzero"`
	// Max is the limit of a distance or latency rule (ms) at first; more than 0.
	Max float64 `json:"max,omitzero"`
	// Expand lets the limit of a distance rule grow steadily.
	Expand Expand `json:"expand,omitzero"`
	// Steps raise the limit of a distance or latency rule. At most 16.
	Steps []Step `json:"steps,omitempty"`
	// Age is Youngest or Oldest: whose waiting time raises the limit of a distance rule, and makes that rule optional.
	// Defaults to Youngest. The limit of a latency rule grows with each ticket's own waiting time.
	Age string `json:"age,omitzero"`
	// Last is how many of the latest opponents an avoid rule keeps apart, from 1 to 8. Such a rule has no attribute.
	Last int `json:"last,omitzero"`
	// Default is the value of tickets that lack the attribute: a float64 for distance; a string, bool, float64 or []string
	// for equal; a []string for overlap; a map[string]float64 for latency. The default of an avoid rule is nobody.
	Default any `json:"default,omitzero"`
	// OptionalAfter is the waiting time after which the rule no longer counts, once all tickets of a group have waited for it.
	// A pair that it would forbid is then the last choice. Defaults to 0: the rule always counts.
	OptionalAfter time.Duration `json:"optional_after,omitzero"`
}

// Expand raises a limit by By each Every, steadily, up to To.
type Expand struct {
	By    float64       `json:"by"`
	Every time.Duration `json:"every"`
	To    float64       `json:"to"`
}

// Step makes the limit Value once a ticket has waited for After.
type Step struct {
	After time.Duration `json:"after"`
	Value float64       `json:"value"`
}

// Attributes are the names of the attributes that the rules read, sorted, each once, without Rating.
func (r *Rules) Attributes() []string {
	var names []string
	for i := range r.Rules {
		if name := r.Rules[i].Attribute; name != "" && name != Rating {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Recent is how many of a player's latest opponents the rules read, 0 if none.
func (r *Rules) Recent() int {
	most := 0
	for i := range r.Rules {
		most = max(most, r.Rules[i].Last)
	}
	return most
}
