package metrics

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/matchq/matchq/matchq"
)

func TestFailuresOfPoliciesAreCounted(t *testing.T) {
	m := newCollector(t.Context(), nil, Options{})
	for _, r := range []matchq.TickReport{
		{Queue: "a"}, {Queue: "a", Fallback: true}, {Queue: "a", Fallback: true, Err: &matchq.PolicyError{Queue: "a"}},
		{Queue: "b", Err: &matchq.PolicyError{Queue: "b"}}, {Queue: "b", Err: &matchq.PolicyError{Queue: "b"}},
	} {
		m.ticked(r)
	}
	tallies := m.queues.all()
	if tallies["a"].failures != 1 || tallies["b"].failures != 2 {
		t.Errorf("%+v", tallies)
	}
	sent := make(chan prometheus.Metric, 100)
	sendCounters(sent, tallies)
	close(sent)
	found := 0
	for metric := range sent {
		if metric.Desc() == failures {
			found++
		}
	}
	if found != len(tallies) {
		t.Errorf("%d of %d labels", found, len(tallies))
	}
}
