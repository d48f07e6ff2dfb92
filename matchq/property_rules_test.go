package matchq_test

import (
	"fmt"
	"log/slog"
	"time"

	"pgregory.net/rapid"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/rules"
)

// failing fails on each batch, and so FIFO replaces it.
const failing = "return function(batch) error(batch[1].id) end"

// anyRules draws the rules of all queues.
func anyRules(t *rapid.T, deadlines bool) (policy string, r matchq.Rules) {
	policy = rapid.SampledFrom([]string{"fifo", "fifo", "fifo", "random", "picky", "failing", "rules", "rules", "rules"}).Draw(t, "policy")
	r = matchq.Rules{
		Policy:    policy,
		Interval:  rapid.SampledFrom([]time.Duration{time.Second, 5 * time.Second}).Draw(t, "interval"),
		TicketTTL: rapid.SampledFrom([]time.Duration{10 * time.Second, time.Minute}).Draw(t, "ticket_ttl"),
		Size:      rapid.SampledFrom([]int{2, 2, 3, 5, 16}).Draw(t, "size"),
	}
	switch policy {
	case "rules":
		r.Rules = []rules.Rule{
			{Type: rules.Distance, Max: 1, Default: 1.0},
			{Type: rules.Avoid, Last: rapid.IntRange(1, 8).Draw(t, "last"), OptionalAfter: 20 * time.Second},
		}
		if rapid.Bool().Draw(t, "in parts") {
			r.Rules = append(r.Rules, rules.Rule{Type: rules.Equal, Attribute: "a", OptionalAfter: time.Second})
		}
	case "picky":
		r.Source = picky
	case "failing":
		r.Source = failing
	}
	if rapid.Bool().Draw(t, "asks") {
		r.ReadyTimeout = time.Hour
		if deadlines {
			r.ReadyTimeout = rapid.SampledFrom([]time.Duration{time.Second, 5 * time.Second}).Draw(t, "ready_timeout")
		}
	}
	return policy, r
}

// doRules lets an operator change the rules through another process. This one learns of that by its next call, and wakes
// the queues as Run does.
func (s *machine) doRules(t *rapid.T) error {
	policy, r := anyRules(t, s.embedded != nil)
	stop := s.repeated(t)
	_, err := s.other.SetRules(s.ctx, "*", r, matchq.Edit{By: "model"})
	if stop(); err != nil {
		return err
	}
	s.takeRules(policy, r)
	for _, name := range s.names {
		q := s.queue(name)
		q.jumbled = q.jumbled || q.partial // the batch under way began by other rules
	}
	if err := s.m.WakeAll(s.ctx); err != nil {
		return err
	}
	return s.sync(func(ev *matchq.Event) error {
		if ev.Kind != matchq.RulesChanged || ev.Rules.Pattern != "*" || ev.Rules.By != "model" {
			return fmt.Errorf("changing rules must not make %+v", *ev)
		}
		return nil
	})
}

// takeRules has the model expect the results of rules.
func (s *machine) takeRules(policy string, r matchq.Rules) {
	s.cfg.Size, s.cfg.ReadyTimeout, s.cfg.TTL = r.Size, r.ReadyTimeout, r.TicketTTL
	s.cfg.Interval = max(s.cfg.Interval, r.Interval) // a restored ticket may keep the window of its time
	s.failing, s.fifo = policy == "failing", policy == "fifo" || policy == "failing"
	s.failed = s.failed || s.failing
}

// quiet is a logger for policies that fail.
var quiet = slog.New(slog.DiscardHandler)
