package matchq

import (
	"context"

	"github.com/matchq/matchq/matchq/internal/sandbox"
	"github.com/matchq/matchq/matchq/internal/space"
)

// Check says whether this process can work on its namespace now: Redis answers, runs scripts and takes writes, and the
// configuration in force, if any, is this one's. It changes nothing. Errors: *ConfigError, ErrUnavailable, ErrRefused; of
// the Code "OOM" if Redis is full, and so refuses enqueues, while all the rest goes on; *PolicyError if Redis can't load
// the policy.
func (m *Matcher) Check(ctx context.Context) error {
	if _, err := m.Stats(ctx); err != nil { // a script, so that Redis is known to run them
		return err
	}
	if err := m.checkPolicy(ctx, m.cfg.Policy); err != nil {
		return err
	}
	theirs, err := space.Field(ctx, m.space, space.Meta, "config")
	if mine := m.cfg.fingerprint(); err == nil && theirs != "" && theirs != mine {
		return &ConfigError{Mine: mine, Theirs: theirs}
	}
	if err != nil {
		return err
	}
	return m.space.CheckWrites(ctx)
}

// checkPolicy has Redis load a policy, if it is one of a user's own.
func (m *Matcher) checkPolicy(ctx context.Context, policy Policy) error {
	if policy.source == "" {
		return nil
	}
	compiled, fault := sandbox.Compile(policy.name, policy.source)
	var err error
	if fault == nil {
		fault, err = sandbox.Check(ctx, m.space, policy.name, compiled)
	}
	if fault != nil {
		return (*PolicyError)(fault)
	}
	return err
}

// CheckRights tries every command that matchq, rooms and history need, without an effect. Call it when a process starts:
// later calls wait for rights that are missing. Errors: ErrRefused, of the Code "NOPERM" with what to grant;
// ErrUnavailable.
func (m *Matcher) CheckRights(ctx context.Context) error { return m.space.CheckRights(ctx) }
