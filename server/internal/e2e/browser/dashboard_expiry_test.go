package browser_test

import (
	"fmt"
	"testing"
)

// Where a ticket outlives its time until the next tick, pages say that it expires then, in both languages, and never name a time
// that has passed.
func TestExpiryAtTheNextTick(t *testing.T) {
	t.Parallel()
	const now = 1_800_000_000_000
	for language, p := range map[string]*page{"en": sources(t), "ko": koreanSources(t)} {
		for _, c := range []struct {
			state    string
			at, next string // in ms from now; at "" never, next null not known
			en, ko   string
		}{
			{"waiting", "40000", "2000", "in 40 s", "40초 뒤"},
			{"waiting", "40000", "44000", "in 40 s", "40초 뒤"}, // a short window is near enough
			{"waiting", "40000", "null", "in 40 s", "40초 뒤"},
			{"waiting", "40000", "3540000", "at the next tick, in 59 min 00 s", "다음 매칭 때, 59분 00초 뒤"},
			{"waiting", "-60000", "40000", "at the next tick, in 40 s", "다음 매칭 때, 40초 뒤"},
			{"waiting", "-60000", "-1000", "at the next tick", "다음 매칭 때"},
			{"waiting", "-60000", "null", "at the next tick", "다음 매칭 때"},
			{"proposed", "-60000", "40000", "–", "–"},
			{"waiting", "", "40000", "–", "–"},
		} {
			expires, next := "undefined", c.next
			if c.at != "" {
				expires = fmt.Sprintf("new Date(%d + %s).toISOString()", now, c.at)
			}
			if next != "null" {
				next = fmt.Sprintf("%d + %s", now, next)
			}
			want := map[string]string{"en": c.en, "ko": c.ko}[language]
			got := eval[string](p, fmt.Sprintf(`import("./assets/dashboard-format.js").then(({expiry}) =>
				expiry({state: %q, expires_at: %s}, %s, %d))`, c.state, expires, next, now))
			if got != want {
				t.Errorf("%s, %s, expires %s, next tick %s: %q, want %q", language, c.state, c.at, c.next, got, want)
			}
		}
	}
}
