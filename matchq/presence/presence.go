package presence

import (
	"context"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/mail"
	"github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/internal/vigil"
)

// Config says how players are reached. Its zero value is ready to use. Give all processes of a namespace the same.
type Config struct {
	// MailboxKeep is how long a player's mailbox is kept after its last message, in whole milliseconds, at least 1 ms.
	// Defaults to 65 s.
	MailboxKeep time.Duration
}

// Presence knows where players are connected, and sends messages to players. It is safe for use by many goroutines. Reading
// and sending need no Node: a process without connections, such as a tool, uses a Presence alone.
type Presence struct {
	cfg   Config
	space *space.Space
	vigil *vigil.Vigil
}

// New makes a Presence in a Matcher's namespace. It does not talk to Redis. The error is a *matchq.InvalidError.
func New(m *matchq.Matcher, cfg Config) (*Presence, error) {
	if m == nil {
		return nil, &matchq.InvalidError{Field: "matcher", Problem: "must not be nil"}
	}
	if cfg.MailboxKeep == 0 {
		cfg.MailboxKeep = 65 * time.Second
	}
	if err := checkDuration("mailbox_keep", cfg.MailboxKeep, time.Millisecond); err != nil {
		return nil, err
	}
	return &Presence{cfg: cfg, space: space.Of(m), vigil: vigil.Of(m)}, nil
}

// Config returns the configuration in use, defaults filled in.
func (p *Presence) Config() Config { return p.cfg }

// CheckRights tries every command that the library needs, publishes, and subscribes, without an effect. Call it when a
// process starts: a node without the right to its channel hears no messages. Errors: matchq.ErrRefused, of the Code
// "NOPERM" with what to grant; matchq.ErrUnavailable.
func (p *Presence) CheckRights(ctx context.Context) error {
	if err := p.space.CheckRights(ctx); err != nil {
		return err
	}
	return p.space.CheckChannels(ctx)
}

func init() {
	mail.Register(func(presence any) mail.Mailboxes {
		p := presence.(*Presence) //nolint:forcetypeassert // internal
		return mail.Mailboxes{Space: p.space, KeepMS: p.cfg.MailboxKeep.Milliseconds()}
	})
}

func checkDuration(field string, d, least time.Duration) error {
	if problem := codec.DurationProblem(d, least); problem != "" {
		return &matchq.InvalidError{Field: field, Problem: problem}
	}
	return nil
}
