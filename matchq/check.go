package matchq

import (
	"context"

	"github.com/matchq/matchq/matchq/internal/sandbox"
	"github.com/matchq/matchq/matchq/internal/space"
)

// Check says whether this process can work on its namespace: Redis answers and runs scripts, and the configuration in
// force, if any, is this one's. It changes nothing. Errors: *ConfigError, ErrUnavailable; *PolicyError if Redis can't load
// the policy.
func (m *Matcher) Check(ctx context.Context) error {
	if _, err := m.Stats(ctx); err != nil { // a script, so that Redis is known to run them
		return err
	}
	if fault, err := sandbox.Check(ctx, m.space, m.cfg.Policy.name); fault != nil {
		return (*PolicyError)(fault)
	} else if err != nil {
		return err
	}
	theirs, err := m.field(ctx, space.Meta, "config")
	if mine := m.cfg.fingerprint(); err == nil && theirs != "" && theirs != mine {
		return &ConfigError{Mine: mine, Theirs: theirs}
	}
	return err
}
