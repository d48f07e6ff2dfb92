package rules

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"
)

// The oracle says in Go, from the description of rules alone, which players may meet.

// limit is the limit of a rule after a waiting time.
func (r *Rule) limit(waited int64) float64 {
	limit := r.Max
	if r.Expand != (Expand{}) {
		limit = min(r.Expand.To, r.Max+r.Expand.By*float64(waited)/float64(r.Expand.Every.Milliseconds()))
	}
	for _, step := range r.Steps {
		if waited >= step.After.Milliseconds() {
			limit = step.Value
		}
	}
	return limit
}

// widest is the limit that the rule ends with.
func (r *Rule) widest() float64 { return r.limit(math.MaxInt32) }

// optional reports whether the rule no longer counts after a waiting time.
func (r *Rule) optional(waited int64) bool {
	return r.OptionalAfter > 0 && time.Duration(waited)*time.Millisecond >= r.OptionalAfter
}

// permits reports whether the rule lets two tickets meet.
func (r *Rule) permits(a, b *ticket) bool {
	youngest, oldest := min(a.WaitedMS, b.WaitedMS), max(a.WaitedMS, b.WaitedMS)
	if r.optional(youngest) || r.Age == Oldest && r.optional(oldest) {
		return true
	}
	switch r.Type {
	case Distance:
		gap, known := r.gap(a, b)
		waited := youngest
		if r.Age == Oldest {
			waited = oldest
		}
		return known && gap <= r.limit(waited)
	case Equal:
		x, y := r.key(a), r.key(b)
		return x != "" && x == y
	case Overlap:
		for _, element := range r.set(a) {
			if slices.Contains(r.set(b), element) {
				return true
			}
		}
		return false
	case Latency:
		return len(r.common(a, b)) > 0
	default:
		return !r.apart(a, b)
	}
}

// permitsAll reports whether the rule lets a group meet.
func (r *Rule) permitsAll(members []*ticket) bool {
	byWait := func(a, b *ticket) int { return cmp.Compare(a.WaitedMS, b.WaitedMS) }
	decides := slices.MinFunc(members, byWait)
	if r.Age == Oldest {
		decides = slices.MaxFunc(members, byWait)
	}
	if r.optional(decides.WaitedMS) {
		return true
	}
	common, always := map[string]int{}, *r
	always.OptionalAfter = 0
	for i, m := range members {
		for _, element := range r.set(m) {
			common[element]++
		}
		for _, region := range r.common(m, m) {
			common[region]++
		}
		for _, other := range members[:i] {
			gap, known := r.gap(m, other)
			far := r.Type == Distance && (!known || gap > r.limit(decides.WaitedMS))
			if far || r.Type == Equal && !always.permits(m, other) || r.Type == Avoid && !r.permits(m, other) {
				return false
			}
		}
	}
	for _, n := range common {
		if n == len(members) {
			return true
		}
	}
	return r.Type != Overlap && r.Type != Latency
}

func (r *Rule) gap(a, b *ticket) (gap float64, known bool) {
	x, y := r.number(a), r.number(b)
	if x == nil || y == nil {
		return 0, false
	}
	return math.Abs(*x - *y), true
}

func (r *Rule) number(t *ticket) *float64 {
	if r.Attribute == Rating && t.Rating != nil {
		return t.Rating
	}
	if n, ok := t.Attributes[r.Attribute].(float64); ok && r.Attribute != Rating {
		return &n
	}
	if n, ok := r.Default.(float64); ok {
		return &n
	}
	return nil
}

// strings are the strings of a value, sorted, each once.
func stringsOf(value any) []string {
	var set []string
	switch value := value.(type) {
	case string:
		set = []string{value}
	case []string:
		set = slices.Clone(value)
	case []any:
		for _, element := range value {
			if text, ok := element.(string); ok {
				set = append(set, text)
			}
		}
	}
	slices.Sort(set)
	if set = slices.Compact(set); len(set) > MaxElements {
		return nil
	}
	return set
}

func (r *Rule) set(t *ticket) []string {
	if set := stringsOf(t.Attributes[r.Attribute]); len(set) > 0 {
		return set
	}
	return stringsOf(r.Default)
}

func (r *Rule) key(t *ticket) string {
	for _, value := range []any{t.Attributes[r.Attribute], r.Default} {
		switch value := value.(type) {
		case bool:
			return strconv.FormatBool(value)
		case float64:
			return strconv.FormatFloat(value, 'g', -1, 64)
		}
		if set := stringsOf(value); len(set) > 0 {
			return show(set)
		}
	}
	return ""
}

func (r *Rule) regions(t *ticket) map[string]float64 {
	found := map[string]float64{}
	if object, ok := t.Attributes[r.Attribute].(map[string]any); ok {
		for region, latency := range object {
			if n, ok := latency.(float64); ok {
				found[region] = n
			}
		}
	}
	if len(found) > 0 && len(found) <= MaxElements {
		return found
	}
	regions, _ := r.Default.(map[string]float64)
	return regions
}

// common are the regions that both accept.
func (r *Rule) common(a, b *ticket) []string {
	limit := func(t *ticket) float64 {
		if r.optional(t.WaitedMS) {
			return math.Inf(1)
		}
		return r.limit(t.WaitedMS)
	}
	var found []string
	for region, latency := range r.regions(a) {
		other, ok := r.regions(b)[region]
		if ok && latency <= limit(a) && other <= limit(b) {
			found = append(found, region)
		}
	}
	return found
}

func (r *Rule) apart(a, b *ticket) bool {
	avoids := func(t, other *ticket) bool {
		if r.Last > 0 {
			return slices.Contains(t.Recent[:min(len(t.Recent), r.Last)], other.Player)
		}
		return slices.Contains(stringsOf(t.Attributes[r.Attribute]), other.Player)
	}
	return avoids(a, b) || avoids(b, a)
}

// permits reports whether the rules let two tickets meet.
func (r *Rules) permits(a, b *ticket) bool {
	for i := range r.Rules {
		if !r.Rules[i].permits(a, b) {
			return false
		}
	}
	return true
}

// primary is the first distance rule, nil if there is none.
func (r *Rules) primary() *Rule {
	for i := range r.Rules {
		if r.Rules[i].Type == Distance {
			return &r.Rules[i]
		}
	}
	return nil
}

// quality is allowed − gap of two tickets that may meet, at least 0; without a distance 0.
func (r *Rules) quality(a, b *ticket) float64 {
	rule := r.primary()
	if rule == nil || r.waived(a, b) {
		return 0
	}
	waited := min(a.WaitedMS, b.WaitedMS)
	if rule.Age == Oldest {
		waited = max(a.WaitedMS, b.WaitedMS)
	}
	allowed := rule.limit(waited)
	if rule.optional(waited) {
		allowed = rule.widest()
	}
	gap, known := rule.gap(a, b)
	if !known {
		return 0
	}
	return max(0, allowed-gap)
}

// waived reports whether a rule would keep two tickets apart if it were not optional for both.
func (r *Rules) waived(a, b *ticket) bool {
	for i := range r.Rules {
		always := r.Rules[i]
		always.OptionalAfter = 0
		if rule := &r.Rules[i]; rule.Type == Distance {
			gap, known := rule.gap(a, b)
			if !known || gap > rule.widest() {
				return true
			}
		} else if rule.optional(min(a.WaitedMS, b.WaitedMS)) && !always.permits(a, b) && len(rule.common(a, b)) == 0 {
			return true
		}
	}
	return false
}

// scale is the measure for a difference of quality.
func (r *Rules) scale() float64 {
	if rule := r.primary(); rule != nil {
		return rule.widest()
	}
	return 1
}

// after is a ticket as it is some time later.
func (t ticket) after(ms int64) *ticket {
	t.WaitedMS += ms
	return &t
}

// bestPairs is the best sum of quality of any pairs, and of those with the most matches: their number and quality.
func (r *Rules) bestPairs(tickets []ticket) (quality float64, most int, qualityOfMost float64) {
	n := len(tickets)
	sums, counts, sumsOfMost := make([]float64, 1<<n), make([]int, 1<<n), make([]float64, 1<<n)
	for free := 1; free < 1<<n; free++ {
		i := 0
		for free>>i&1 == 0 {
			i++
		}
		rest := free &^ (1 << i)
		sums[free], counts[free], sumsOfMost[free] = sums[rest], counts[rest], sumsOfMost[rest]
		for j := i + 1; j < n; j++ {
			if rest>>j&1 == 0 || !r.permits(&tickets[i], &tickets[j]) {
				continue
			}
			q, left := r.quality(&tickets[i], &tickets[j]), rest&^(1<<j)
			sums[free] = max(sums[free], q+sums[left])
			if c := counts[left] + 1; c > counts[free] || c == counts[free] && q+sumsOfMost[left] > sumsOfMost[free] {
				counts[free], sumsOfMost[free] = c, q+sumsOfMost[left]
			}
		}
	}
	all := 1<<n - 1
	return sums[all], counts[all], sumsOfMost[all]
}
