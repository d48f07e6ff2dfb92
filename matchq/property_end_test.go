package matchq_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/matchq/matchq/matchq"
)

// checkEvents reads the kept stream: it must have the events of each ticket, in order.
func (s *machine) checkEvents() error {
	position, err := s.m.Position(s.ctx)
	if err != nil || len(s.told) == 0 {
		return err
	}
	var told []string
	for ev, err := range s.m.Watch(s.ctx, matchq.FromOldest) {
		if err != nil {
			return err
		}
		what := whatOf(&ev)
		if want := s.told[len(told)].what; what != want {
			return fmt.Errorf("after %v the events have %s, but must have %s", told, what, want)
		}
		if told = append(told, what); len(told) == len(s.told) {
			if ev.ID[:len(position)] != position {
				err = errors.New("there are more events")
			}
			return err
		}
	}
	return nil
}

// checkNothingStays ends all waiting tickets and checks that only permanent keys are left.
func (s *machine) checkNothingStays(t *rapid.T) {
	inDrains := rapid.Bool().Draw(t, "ends in drains")
	for _, name := range s.names {
		if err := s.endAll(name, inDrains); err != nil {
			t.Fatal(err)
		}
	}
	stay := []string{"meta", "rules", "changes", "counters", "matched", "events", "tickets", "players", "proposals", "sequels"}
	if s.embedded != nil {
		s.now = s.now.Add(s.cfg.Retention)
		s.embedded.SetTime(s.now)
		if err := s.forgetAll(); err != nil {
			t.Fatal(err)
		}
		stay = stay[:6]
	}
	s.checkAll(t)
	prefix := "{" + s.cfg.Namespace + "}:"
	keys, err := s.rdb.Keys(s.ctx, prefix+"*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		passing := []string{"fallbacks", "met_one", "met_two"}
		if slices.Contains(passing, strings.TrimPrefix(key, prefix)) && s.rdb.PTTL(s.ctx, key).Val() > 0 {
			continue // it goes by itself
		}
		if !slices.Contains(stay, strings.TrimPrefix(key, prefix)) {
			t.Errorf("%s stays", key)
		}
	}
	for _, field := range s.rdb.HKeys(s.ctx, prefix+"meta").Val() {
		name, paused := strings.CutPrefix(field, "paused:")
		if !slices.Contains([]string{"config", "rules", "met_since", "born", "trimmed", "paused"}, field) && !(paused && s.queue(name).paused) {
			t.Errorf("meta keeps %s", field)
		}
	}
	if kept := s.rdb.XLen(s.ctx, prefix+"events").Val(); s.embedded != nil && kept > 0 {
		t.Errorf("%d events stay", kept)
	}
}

// endAll ends the waiting tickets of a queue, all at once or one by one.
func (s *machine) endAll(name string, inDrains bool) error {
	if inDrains {
		return s.drain(name, false)
	}
	for _, ticket := range s.standing(name) {
		if err := s.cancel(ticket.ID); err != nil {
			return err
		}
	}
	return s.tick(name, false) // removes tombstones that the answers left in the lists
}
