package rules

import (
	"fmt"
	"slices"
	"time"
)

// completeRule checks a rule and fills in its defaults. at is its place.
func completeRule(at string, r Rule) (Rule, error) {
	if problem := choiceProblem(r.Type, Distance, Equal, Overlap, Latency, Avoid); problem != "" {
		return r, wrong(at+".type", "%s", problem)
	}
	if err := refuseFields(at, &r); err != nil {
		return r, err
	}
	if err := completeAttribute(at, &r); err != nil {
		return r, err
	}
	r.Name = orElse(orElse(r.Name, r.Attribute), r.Type)
	if problem := nameProblem(r.Name); problem != "" {
		return r, wrong(at+".name", "%s", problem)
	}
	if r.OptionalAfter != 0 {
		if problem := waitingProblem(r.OptionalAfter); problem != "" {
			return r, wrong(at+".optional_after", "%s", problem)
		}
	}
	if err := completeLimit(at, &r); err != nil {
		return r, err
	}
	value, problem := completeDefault(r.Type, r.Default)
	if problem != "" {
		return r, wrong(at+".default", "%s", problem)
	}
	r.Default = value
	return r, nil
}

// refuseFields refuses fields that a rule of that type doesn't have.
func refuseFields(at string, r *Rule) error {
	limited := r.Type == Distance || r.Type == Latency
	for _, field := range []struct {
		name      string
		set, fits bool
		of        string
	}{
		{"max", r.Max != 0, limited, "distance and latency rules"},
		{"expand", r.Expand != Expand{}, r.Type == Distance, "distance rules"},
		{"steps", len(r.Steps) > 0, limited, "distance and latency rules"},
		{"age", r.Age != "", r.Type == Distance, "distance rules"},
		{"last", r.Last != 0, r.Type == Avoid, "avoid rules"},
		{"default", r.Default != nil, r.Type != Avoid, "all rules but avoid; remove it: nobody is avoided then"},
	} {
		if field.set && !field.fits {
			return wrong(at+"."+field.name, "is a field of %s only", field.of)
		}
	}
	return nil
}

func completeAttribute(at string, r *Rule) error {
	if r.Type == Avoid {
		return checkAvoid(at, r)
	}
	if r.Type == Distance {
		r.Attribute = orElse(r.Attribute, Rating)
	} else if r.Attribute == Rating {
		return wrong(at+".attribute", "is the rating, a number: use the type distance")
	}
	if problem := nameProblem(r.Attribute); problem != "" {
		return wrong(at+".attribute", "%s: the name of an attribute", problem)
	}
	return nil
}

func checkAvoid(at string, r *Rule) error {
	switch {
	case r.Last != 0 && r.Attribute != "":
		return wrong(at+".last", "must not be beside attribute; make two rules of it")
	case r.Last < 0 || r.Last > MaxLast:
		return wrong(at+".last", "must be from 1 to %d opponents, not %d", MaxLast, r.Last)
	case r.Last == 0 && r.Attribute == "":
		return wrong(at, "needs last, or an attribute that lists players")
	case r.Attribute == Rating:
		return wrong(at+".attribute", "is the rating, a number: name an attribute that lists players")
	case r.Attribute != "" && nameProblem(r.Attribute) != "":
		return wrong(at+".attribute", "%s: the name of an attribute", nameProblem(r.Attribute))
	}
	return nil
}

// waitingProblem is why a time can't be a waiting time, "" if it can.
func waitingProblem(d time.Duration) string {
	if problem := durationProblem(d, time.Millisecond); problem != "" {
		return "must be a waiting time of more than 0s: " + problem
	}
	return ""
}

// completeLimit checks the limit of a distance or latency rule, and how it grows.
func completeLimit(at string, r *Rule) error {
	if r.Type != Distance && r.Type != Latency {
		return nil
	}
	if !(r.Max > 0 && r.Max <= maxNumber) {
		return wrong(at+".max", "must be more than 0, and at most 1e15: the limit of a ticket that has just come")
	}
	if r.Expand != (Expand{}) && len(r.Steps) > 0 {
		return wrong(at+".expand", "must not be beside steps; remove one of them")
	}
	if err := completeExpand(at+".expand", r); err != nil {
		return err
	}
	if err := completeSteps(at+".steps", r); err != nil {
		return err
	}
	if r.Type != Distance {
		return nil
	}
	if problem := choiceProblem(r.Age, "", Youngest, Oldest); problem != "" {
		return wrong(at+".age", "%s", problem)
	}
	if r.Age == "" || r.Expand == (Expand{}) && len(r.Steps) == 0 && r.OptionalAfter == 0 {
		r.Age = Youngest // a limit that doesn't grow is the same for all
	}
	return nil
}

func completeExpand(at string, r *Rule) error {
	e := r.Expand
	if e == (Expand{}) {
		return nil
	}
	if !(e.By > 0 && e.By <= maxNumber) {
		return wrong(at+".by", "must be more than 0, and at most 1e15")
	}
	if problem := waitingProblem(e.Every); problem != "" {
		return wrong(at+".every", "%s", problem)
	}
	if !(e.To >= r.Max && e.To <= maxNumber) {
		return wrong(at+".to", "must be at least max (%s), and at most 1e15", number(r.Max))
	}
	if e.To == r.Max {
		r.Expand = Expand{}
	}
	return nil
}

func completeSteps(at string, r *Rule) error {
	if len(r.Steps) > MaxSteps {
		return wrong(at, "must be at most %d steps, not %d", MaxSteps, len(r.Steps))
	}
	var kept []Step
	before, limit := time.Duration(0), r.Max
	for i, step := range r.Steps {
		at := fmt.Sprintf("%s[%d]", at, i)
		if problem := waitingProblem(step.After); problem != "" {
			return wrong(at+".after", "%s", problem)
		}
		if step.After <= before {
			return wrong(at+".after", "must be more than that of the step before (%s)", DurationText(before))
		}
		if !(step.Value >= limit && step.Value <= maxNumber) {
			return wrong(at+".value", "must be at least the limit before (%s), and at most 1e15", number(limit))
		}
		if step.Value > limit {
			kept = append(kept, step)
		}
		before, limit = step.After, step.Value
	}
	r.Steps = slices.Clip(kept)
	return nil
}
