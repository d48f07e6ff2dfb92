package space

import (
	"context"
	"fmt"
	"time"
)

// Script is a Lua script whose arguments are the fields of an A. A is a struct: each field has a tag `lua:"name"` with
// the name of an argument in the script's header, and each group of rows is a slice of structs of the same kind,
// tagged with the group's name. The numbers of rows that a header asks for are filled in, and so are the keys: those of
// a queue, say, follow from the row's field "queue", which need not be an argument too.
//
// Fields are strings, integers, bools (for flags) and pointers to integers (nil is "").
type Script[A any] struct {
	name   string
	layout layout
}

// Bind binds a script to its arguments. It panics if a name of one is unknown to the other: call it for a variable of
// a package, so that this shows as soon as the package is loaded.
func Bind[A any](name string) *Script[A] {
	l, err := newLayout[A](name)
	if err != nil {
		panic(fmt.Sprintf("space: %s and its arguments do not fit: %v", name, err))
	}
	return &Script[A]{name: name, layout: l}
}

// Call runs the script in a namespace. It ends with ctx or after Config.Timeout, whichever comes first; the script may
// still run then. Errors: ErrUnavailable, ErrRefused, those of Guard.Agree, *StaleError, an answer of Redis that repeating
// won't change.
func (s *Script[A]) Call(ctx context.Context, in *Space, args A) (*Reply, error) {
	return Bounded(ctx, in, func(ctx context.Context) (*Reply, error) { return s.CallToEnd(ctx, in, args) })
}

// CallToEnd is Call for callers that must know when the driver has returned: it does not return before that, though ctx
// ends. If no attempt found a connection the error is an ErrNotSent too.
func (s *Script[A]) CallToEnd(ctx context.Context, in *Space, args A) (*Reply, error) {
	call := s.layout.lay(in, &args)
	switch {
	case s.layout.guarded:
		return in.runGuarded(ctx, s.name, call)
	case s.layout.ruled:
		return in.runRuled(ctx, s.name, call)
	default:
		return in.run(ctx, s.name, call)
	}
}

// StaleError says that other rules are in force than the version that a call named. The call changed nothing, unless an
// earlier attempt at it had no answer: it may have been made under the version of then.
type StaleError struct {
	InForce string
	Lost    bool // an attempt had no answer
}

func (e *StaleError) Error() string { return "matchq: other rules are in force: version " + e.InForce }

// runRuled runs a script that refuses another version of the rules than the one in force.
func (s *Space) runRuled(ctx context.Context, script string, call []any) (*Reply, error) {
	r, err := s.run(ctx, script, call)
	if err != nil {
		return nil, err
	}
	switch status := r.Text(); status {
	case "ok":
	case "stale":
		return nil, &StaleError{InForce: r.Text(), Lost: r.lost}
	default:
		r.Failf("status %q", status)
	}
	return r, r.Err
}

// run runs a script, and reports that.
func (s *Space) run(ctx context.Context, script string, call []any) (*Reply, error) {
	report := s.report.Load()
	if report == nil {
		return s.runUnseen(ctx, script, call)
	}
	began := time.Now()
	r, err := s.runUnseen(ctx, script, call)
	(*report)(script, time.Since(began), err)
	return r, err
}

func (s *Space) runUnseen(ctx context.Context, script string, call []any) (*Reply, error) {
	values, lost, err := s.evaluate(ctx, s.scripts[script], call)
	switch {
	case err == nil:
		return &Reply{script: script, rest: values, lost: lost}, nil
	case !lost && isNotSent(err):
		return nil, fmt.Errorf("%w: %s: %w: %w", ErrUnavailable, script, ErrNotSent, err)
	default:
		return nil, s.Failure(script, err, lost)
	}
}

// maxDisagreements is how often a call is repeated because the configuration in force was another one.
const maxDisagreements = 3

// runGuarded runs a script that refuses another configuration than the one in force.
func (s *Space) runGuarded(ctx context.Context, script string, call []any) (*Reply, error) {
	for range maxDisagreements {
		r, err := s.run(ctx, script, call)
		if err != nil {
			return nil, err
		}
		status := r.Text()
		if status != "config" {
			if status != "ok" {
				r.Failf("status %q", status)
			}
			if r.Err == nil && !s.agreed.Load() {
				s.agreed.Store(true)
			}
			return r, r.Err
		}
		if err := s.guard.Agree(ctx, r.Text(), s.agreed.Load()); Passes(err) {
			return nil, err
		} else if err != nil {
			return nil, disagreement{err}
		}
	}
	return nil, fmt.Errorf("%w: %s: the configuration in force changes all the time", ErrUnavailable, script)
}
