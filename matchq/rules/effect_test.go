package rules

import "testing"

func TestEffectsIn(t *testing.T) {
	got := EffectsIn([]byte(`{"rules":[{"gap":0,"limit":80,"mean_gap":1.5,"rule":"skill","widened":30},{"rule":"lang","waived":1},` +
		`{"latency":30,"region":"eu","rule":"ping"},{"common":"duel","rule":"modes"}]}`))
	if len(got) != 4 || got[0].Rule != "skill" || *got[0].Gap != 0 || got[0].MeanGap != 1.5 || got[0].Limit != 80 || got[0].Widened != 30 || got[0].Waived ||
		!got[1].Waived || got[1].Gap != nil || got[2].Region != "eu" || got[2].Latency != 30 || got[3].Common != "duel" {
		t.Errorf("%+v", got)
	}
	for _, data := range []string{"", "{", "[]", `{"region":"eu"}`, `{"rules":"mine"}`, `{"rules":[1]}`} {
		if got := EffectsIn([]byte(data)); len(got) != 0 {
			t.Errorf("%s: %+v", data, got)
		}
	}
}
