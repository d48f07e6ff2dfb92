package app

import (
	"testing"

	"github.com/matchq/matchq/matchq"
)

func TestWarningOfRulesThatDontCount(t *testing.T) {
	t.Parallel()
	all := []matchq.Overruled{
		{Pattern: "*", Fields: "interval size", InForce: matchq.StoredRules{Source: matchq.FromOperator, By: "ann"}},
		{Pattern: "chess*", InForce: matchq.StoredRules{Source: matchq.FromConfiguration, By: "host-2"}},
		{Pattern: "music"},
	}
	for n, want := range map[int]string{
		0: "",
		1: "started with interval, size for *, which don't count: ann has set other rules",
		2: "started with interval, size for *, which don't count: ann has set other rules; " +
			"started with rules for chess*, which don't count: a later start on host-2 has set other rules",
		3: "started with interval, size for *, which don't count: ann has set other rules; " +
			"started with rules for chess*, which don't count: a later start on host-2 has set other rules; and 1 more",
	} {
		if got := warning(all[:n]); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
	if got, want := warning(all[2:]), "started with rules for music, which don't count: those rules were deleted"; got != want {
		t.Errorf("%q", got)
	}
}
