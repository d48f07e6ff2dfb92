package matchq

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/lua"
)

// script is one of the Lua scripts, assembled.
type script struct {
	name string
	*redis.Script
}

// scripts are all of them.
type scripts struct {
	answer, audit, cancel, configure, drain, due, enqueue, forget, match, pause, queues, settle, tick, ticket, wake,
	withdraw script

	absent, arrive, beat, bury, leave, nodes, online, post, release script

	alarms, change, room, seats script

	minutes, note, strike script
}

func newScripts(policy string) (scripts, error) {
	var s scripts
	for name, into := range map[string]*script{
		"answer": &s.answer, "audit": &s.audit, "cancel": &s.cancel, "configure": &s.configure, "drain": &s.drain,
		"due": &s.due, "enqueue": &s.enqueue, "forget": &s.forget, "match": &s.match, "pause": &s.pause,
		"queues": &s.queues, "settle": &s.settle, "tick": &s.tick, "ticket": &s.ticket, "wake": &s.wake,
		"withdraw": &s.withdraw,
		"absent":   &s.absent, "arrive": &s.arrive, "beat": &s.beat, "bury": &s.bury, "leave": &s.leave, "nodes": &s.nodes,
		"online": &s.online, "post": &s.post, "release": &s.release,
		"alarms": &s.alarms, "change": &s.change, "room": &s.room, "seats": &s.seats,
		"minutes": &s.minutes, "note": &s.note, "strike": &s.strike,
	} {
		source, err := lua.Source(name, policy)
		if err != nil {
			return s, fmt.Errorf("matchq: %w", err)
		}
		*into = script{name, redis.NewScript(source)}
	}
	return s, nil
}

// read runs a script that changes nothing.
func (m *Matcher) read(ctx context.Context, s script, keys []string, args ...any) (*reply, error) {
	values, err := s.Run(ctx, m.rdb, keys, args...).Slice()
	if err != nil {
		return nil, failure(s.name, err)
	}
	return &reply{script: s.name, rest: values}, nil
}

// write runs a script whose first argument is the fingerprint, and sees to it that this node and Redis agree on it.
func (m *Matcher) write(ctx context.Context, s script, keys []string, args ...any) (*reply, error) {
	args = append([]any{m.fingerprint}, args...)
	r, err := m.read(ctx, s, keys, args...)
	if err != nil {
		return nil, err
	}
	status := r.text()
	if status == "config" {
		if err := m.agree(ctx, r.text()); err != nil {
			return nil, err
		}
		if r, err = m.read(ctx, s, keys, args...); err != nil {
			return nil, err
		}
		if status = r.text(); status == "config" {
			return nil, &ConfigError{Mine: m.fingerprint, Theirs: r.text()}
		}
	}
	if status != "ok" {
		r.failf("status %q", status)
	}
	if r.err == nil {
		m.agreed.Store(true)
	}
	return r, r.err
}

// agree makes this node's configuration the namespace's, if there is none or no ticket lives by it. A node that has
// once agreed does not overrule the others later on.
func (m *Matcher) agree(ctx context.Context, theirs string) error {
	if theirs != "" && m.agreed.Load() {
		return &ConfigError{Mine: m.fingerprint, Theirs: theirs}
	}
	r, err := m.read(ctx, m.scripts.configure, []string{m.keys.meta, m.keys.counters}, m.fingerprint)
	if err != nil {
		return err
	}
	if r.text() == "config" {
		return &ConfigError{Mine: m.fingerprint, Theirs: r.text()}
	}
	return r.err
}

// failure says what an error of the driver means.
func failure(what string, err error) error {
	if isRefusal(err) {
		return fmt.Errorf("matchq: %s: %w", what, err)
	}
	return fmt.Errorf("%w: %s: %w", ErrUnavailable, what, err)
}

// isRefusal tells an answer of Redis that repeating won't change from one that comes with its state, and from no
// answer at all.
func isRefusal(err error) bool {
	var answer redis.Error
	if !errors.As(err, &answer) {
		return false
	}
	for _, passing := range []string{
		"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MOVED", "ASK", "MISCONF", "OOM", "NOREPLICAS", "BUSY",
	} {
		if strings.HasPrefix(answer.Error(), passing) {
			return false
		}
	}
	return true
}
