package matchq_test

import (
	"errors"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		mine := newMatcher(t, env, matchq.Config{})
		other := newMatcher(t, env, matchq.Config{Retention: time.Minute})
		if err := mine.Check(t.Context()); err != nil {
			t.Errorf("nothing is settled yet: %v", err)
		}
		enqueue(t, mine, "q", "alice")
		if err := mine.Check(t.Context()); err != nil {
			t.Error(err)
		}
		var mismatch *matchq.ConfigError
		if err := other.Check(t.Context()); !errors.As(err, &mismatch) {
			t.Errorf("got %v", err)
		}
	})
}
