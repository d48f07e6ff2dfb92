package rules

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// MaxElements is how many elements a set may have, or regions a latency attribute. A ticket with more fails the rule.
const MaxElements = 32

// completeDefault gives a rule's default the Go type that Rule.Default promises.
func completeDefault(of string, value any) (complete any, problem string) {
	if value == nil {
		return nil, ""
	}
	switch of {
	case Distance:
		return defaultNumber(value)
	case Latency:
		return defaultRegions(value)
	case Equal:
		switch value := value.(type) {
		case bool:
			return value, ""
		case float64, int:
			return defaultNumber(value)
		case string:
			return value, textProblem(value)
		}
		set, problem := defaultSet(value, "must be a string, a number, true, false or an array of strings")
		if len(set) == 1 {
			return set[0], "" // a set of one is the same as its element
		}
		return orNil(set), problem
	default:
		if text, ok := value.(string); ok {
			value = []string{text}
		}
		set, problem := defaultSet(value, "must be a string or an array of strings")
		return orNil(set), problem
	}
}

// defaultNumber takes an int too, which Go programs write.
func defaultNumber(value any) (complete any, problem string) {
	if whole, ok := value.(int); ok {
		value = float64(whole)
	}
	n, ok := value.(float64)
	if !ok || !(n >= -maxNumber && n <= maxNumber) {
		return nil, numberProblem
	}
	return n + 0, "" // −0 is 0
}

func defaultRegions(value any) (complete any, problem string) {
	const want = `must be an object of 1 to 32 regions, such as {"eu": 60}`
	regions := map[string]float64{}
	switch value := value.(type) {
	case map[string]float64:
		maps.Copy(regions, value)
	case map[string]any:
		for region, latency := range value {
			n, ok := latency.(float64)
			if !ok {
				return nil, want
			}
			regions[region] = n
		}
	default:
		return nil, want
	}
	if len(regions) == 0 || len(regions) > MaxElements {
		return nil, want
	}
	for region, latency := range regions {
		if !(latency >= 0 && latency <= maxNumber) || textProblem(region) != "" {
			return nil, fmt.Sprintf("must have latencies from 0 to 1e15 ms, and names of regions of 1 to %d bytes", MaxName)
		}
		regions[region] = latency + 0
	}
	return regions, ""
}

func defaultSet(value any, want string) (set []string, problem string) {
	switch value := value.(type) {
	case []string:
		set = slices.Clone(value)
	case []any:
		for _, element := range value {
			text, ok := element.(string)
			if !ok {
				return nil, want
			}
			set = append(set, text)
		}
	default:
		return nil, want
	}
	slices.Sort(set)
	set = slices.Compact(set)
	if len(set) == 0 || len(set) > MaxElements {
		return nil, fmt.Sprintf("must have 1 to %d elements", MaxElements)
	}
	for _, element := range set {
		if problem := textProblem(element); problem != "" {
			return nil, problem
		}
	}
	return slices.Clip(set), ""
}

// orNil is the set, or no value at all.
func orNil(set []string) any {
	if set == nil {
		return nil
	}
	return set
}

func textProblem(text string) string {
	if problem := nameProblem(text); problem != "" {
		return "has a text that " + problem
	}
	return ""
}

func number(n float64) string { return strconv.FormatFloat(n, 'g', -1, 64) }
