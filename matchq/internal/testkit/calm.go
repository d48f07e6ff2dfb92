package testkit

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// mostStorms is how often Calm runs a test again.
const mostStorms = 20

// Calm reports what a test finds wrong, unless the machine or a Redis was late by more than most meanwhile: then a lease, say,
// was over by rights, and Calm runs the test again. The test gets the number of the run, from 0, and the lag since it began.
func Calm(t testing.TB, most time.Duration, rdb redis.UniversalClient, test func(run int, lag func() time.Duration) (wrong []string)) {
	t.Helper()
	for run := 0; ; run++ {
		lag := MeasureLag(t, rdb)
		wrong := test(run, lag)
		if late := lag(); len(wrong) > 0 && late > most && run < mostStorms {
			t.Logf("run %d does not count, since something was late by %v: %q", run, late, wrong)
			continue
		}
		for _, problem := range wrong {
			t.Error(problem)
		}
		return
	}
}
