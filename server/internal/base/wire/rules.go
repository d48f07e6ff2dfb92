package wire

import (
	"encoding/json"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/rules"
)

// Rules is what clients hear of how a match came about, by any transport.
type Rules struct {
	Version string          `json:"version"`           // of the rules that made it
	Gap     *float64        `json:"gap,omitempty"`     // by the first distance rule
	Region  string          `json:"region,omitempty"`  // by the first latency rule
	Applied []Applied       `json:"applied,omitempty"` // the effects of each rule
	Data    json.RawMessage `json:"data,omitempty"`    // that of a policy of the operator's own
}

// Applied is the effect of one rule. rules.Effect has the meaning of the fields.
type Applied struct {
	Rule    string   `json:"rule"`
	Gap     *float64 `json:"gap,omitempty"`
	Mean    float64  `json:"mean,omitempty"` // gap of all pairs
	Limit   float64  `json:"limit,omitempty"`
	Widened float64  `json:"widened,omitempty"`
	Common  string   `json:"common,omitempty"`
	Region  string   `json:"region,omitempty"`
	Latency float64  `json:"latency,omitempty"`
	Waived  bool     `json:"waived,omitempty"`
}

// RulesOf is what made a match; nil if that has nothing to tell, as first come, first served.
func RulesOf(match *matchq.Match) *Rules {
	if len(match.Data) == 0 {
		return nil
	}
	r := &Rules{Version: match.Rules}
	effects := rules.EffectsIn(match.Data)
	if len(effects) == 0 {
		r.Data = match.Data
	}
	for _, e := range effects {
		r.Applied = append(r.Applied, Applied{
			Rule: e.Rule, Gap: e.Gap, Mean: e.MeanGap, Limit: e.Limit, Widened: e.Widened, Common: e.Common, Region: e.Region,
			Latency: e.Latency, Waived: e.Waived,
		})
		if r.Gap == nil {
			r.Gap = e.Gap
		}
		if r.Region == "" {
			r.Region = e.Region
		}
	}
	return r
}
