package rules

import (
	"time"

	"github.com/go-json-experiment/json"
)

// script is the form of rules that the scripts read: times in ms, without absent fields.
type script struct {
	Size      int          `json:"size"`
	Interval  int64        `json:"interval_ms"`
	TTL       int64        `json:"ttl_ms,omitzero"` // none: never
	Ready     int64        `json:"ready_ms"`
	Policy    string       `json:"policy"`
	Matches   bool         `json:"matches_first,omitzero"`
	Recent    int          `json:"recent,omitzero"`
	Decode    bool         `json:"decode,omitzero"` // the rules read attributes
	RuleTable []scriptRule `json:"rules"`
}

type scriptRule struct {
	Name      string       `json:"name"`
	Type      string       `json:"type"`
	Attribute string       `json:"attribute,omitzero"` // none: the rating
	Max       float64      `json:"max,omitzero"`
	By        float64      `json:"by,omitzero"`
	Every     int64        `json:"every_ms,omitzero"`
	To        float64      `json:"to,omitzero"`
	Steps     [][2]float64 `json:"steps,omitempty"` // waited_ms, limit
	Oldest    bool         `json:"oldest,omitzero"`
	Last      int          `json:"last,omitzero"`
	Default   any          `json:"default,omitzero"`
	Optional  int64        `json:"optional_ms,omitzero"`
}

// Script is the form of complete rules that the scripts read.
func Script(r *Rules) ([]byte, error) {
	s := script{
		Size: r.Size, Interval: ms(r.Interval), TTL: ms(r.TicketTTL), Ready: ms(r.ReadyTimeout), Policy: r.Policy,
		Matches: r.Prefer == Matches, Recent: r.Recent(), Decode: len(r.Attributes()) > 0,
		RuleTable: make([]scriptRule, len(r.Rules)),
	}
	for i := range r.Rules {
		s.RuleTable[i] = forScript(&r.Rules[i])
	}
	return json.Marshal(s, json.Deterministic(true))
}

func forScript(r *Rule) scriptRule {
	s := scriptRule{
		Name: r.Name, Type: r.Type, Attribute: r.Attribute, Max: r.Max, By: r.Expand.By, Every: ms(r.Expand.Every), To: r.Expand.To,
		Oldest: r.Age == Oldest, Last: r.Last, Default: r.Default, Optional: ms(r.OptionalAfter),
	}
	if r.Attribute == Rating {
		s.Attribute = ""
	}
	for _, step := range r.Steps {
		s.Steps = append(s.Steps, [2]float64{float64(ms(step.After)), step.Value})
	}
	return s
}

// ms is 0 for AtOnce and Never.
func ms(d time.Duration) int64 {
	if d < 0 {
		return 0
	}
	return d.Milliseconds()
}
