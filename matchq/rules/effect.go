package rules

import "github.com/go-json-experiment/json"

// Effect is the effect of a rule in a match. Fields that the type of the rule doesn't have are zero.
type Effect struct {
	// Rule is its name.
	Rule string `json:"rule"`
	// Gap is how far apart the players are, by a distance rule; of more than two the strongest and the weakest. Nil if one
	// of them has no number.
	Gap *float64 `json:"gap,omitzero"`
	// MeanGap is the mean of all pairs, of more than two players.
	MeanGap float64 `json:"mean_gap,omitzero"`
	// Limit is the limit of a distance or latency rule when the match was made; Widened is the part by which it had grown.
	Limit   float64 `json:"limit,omitzero"`
	Widened float64 `json:"widened,omitzero"`
	// Common is an element that all players share, by an overlap rule.
	Common string `json:"common,omitzero"`
	// Region is the best one for all, by a latency rule, and Latency the worst of a player there (ms).
	Region  string  `json:"region,omitzero"`
	Latency float64 `json:"latency,omitzero"`
	// Waived says that the rule would forbid the match, but was optional by then.
	Waived bool `json:"-"`
}

// storedEffect is an Effect as scripts write it.
type storedEffect struct {
	Effect
	Waived int `json:"waived"`
}

// EffectsIn returns the effects of the rules in a match, in their order; none for other data, such as that of a policy
// of your own. At most 1 KiB is kept: with very long names some are missing.
func EffectsIn(data []byte) []Effect {
	var stored struct {
		Rules []storedEffect `json:"rules"`
	}
	if len(data) == 0 || json.Unmarshal(data, &stored) != nil {
		return nil
	}
	effects := make([]Effect, len(stored.Rules))
	for i, s := range stored.Rules {
		effects[i], effects[i].Waived = s.Effect, s.Waived != 0
	}
	return effects
}
