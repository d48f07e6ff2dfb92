// Package agreement keeps nodes with different settings from working on one namespace: which settings are in force, and
// for how long a process that runs with them keeps others from replacing them.
package agreement

import (
	"context"
	"errors"
	"time"

	"github.com/matchq/matchq/matchq/internal/space"
)

const (
	// Kept is how long a process counts as running after it last said so: a killed one keeps its settings in force for so
	// long.
	Kept = 3 * time.Second

	// every is how often a process says that it runs.
	every = time.Second
)

var (
	configureScript = space.Bind[configureArgs]("match/configure")
	runScript       = space.Bind[runArgs]("match/run")
)

type configureArgs struct {
	Fingerprint string `lua:"fingerprint"`
	RunMS       int64  `lua:"run_ms"`
}

type runArgs struct {
	Process string `lua:"process"`
	ForMS   int64  `lua:"for_ms"`
}

// Configure brings settings into force, unless tickets or processes live by others. It then returns those.
func Configure(ctx context.Context, in *space.Space, fingerprint string) (theirs string, err error) {
	r, err := configureScript.CallToEnd(ctx, in, configureArgs{Fingerprint: fingerprint, RunMS: Kept.Milliseconds()})
	if err != nil {
		return "", err
	}
	if r.Text() == "config" {
		return r.Text(), r.Err
	}
	return "", r.Err
}

// Run says that a process runs with the settings in force. Its zero value, with a Space, is ready to use.
type Run struct {
	Space *space.Space

	process string
	last    time.Time // by the clock of this process; zero before the first time
	kept    bool      // Redis has known of the process
}

// Keep says so once a second. Its error tells that other settings are in force; once these were, a node learns that from
// its next call that matters. Nor is it an error that Redis is away or takes no writes: the due work may succeed all the same.
func (r *Run) Keep(ctx context.Context) error {
	if !r.last.IsZero() && time.Since(r.last) < every {
		return nil
	}
	if r.process == "" {
		r.process = space.NewID()
	}
	_, err := runScript.Call(ctx, r.Space, runArgs{Process: r.process, ForMS: Kept.Milliseconds()})
	r.last, r.kept = time.Now(), r.kept || err == nil
	if r.kept || errors.Is(err, space.ErrUnavailable) || errors.Is(err, space.ErrRefused) {
		return nil
	}
	return err
}

// End lets others replace the settings at once. If that fails they can when Kept is over.
func (r *Run) End(ctx context.Context) {
	if !r.kept {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.Space.Timeout())
	defer cancel()
	_, _ = runScript.Call(ctx, r.Space, runArgs{Process: r.process})
}
