package adminlog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/ops/adminlog"
)

// The log has the newest actions of all nodes, the last one first, and drops the oldest.
func TestTheNewestActionsAreKept(t *testing.T) {
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		one, other := adminlog.New(env.Client, env.Namespace), adminlog.New(env.Client, env.Namespace)
		began := time.Now()
		for _, a := range []adminlog.Action{
			{Action: "pause", Target: "chess", By: "ann", Proof: "session"},
			{Action: "drain", Target: strings.Repeat("ü", 300), By: "token", Proof: "token", Result: "invalid"},
		} {
			if err := one.Add(t.Context(), &a); err != nil {
				t.Fatal(err)
			}
		}
		got, err := other.Newest(t.Context(), 10)
		if err != nil || len(got) != 2 {
			t.Fatalf("got %v, %v", got, err)
		}
		if a := got[0]; a.Action != "drain" || a.Result != "invalid" || len(a.Target) > 300 || !strings.HasSuffix(a.Target, "ü…") {
			t.Errorf("the last one is %+v", a)
		}
		if a := got[1]; a.At.Before(began.Add(-time.Minute)) || a.Target != "chess" || a.By != "ann" || a.Proof != "session" {
			t.Errorf("the first one is %+v", a)
		}
		for range adminlog.Kept + 1 {
			if err := one.Add(t.Context(), &adminlog.Action{Action: "resume", By: "bob"}); err != nil {
				t.Fatal(err)
			}
		}
		if got, err = one.Newest(t.Context(), 2*adminlog.Kept); err != nil || len(got) != adminlog.Kept || got[len(got)-1].Action != "resume" {
			t.Errorf("%d are kept, %v", len(got), err)
		}
	})
}
