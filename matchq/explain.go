package matchq

import (
	"context"
	"strconv"
	"time"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/rulebook"
	"github.com/matchq/matchq/matchq/internal/space"
)

var explainScript = space.Bind[explainArgs]("match/explain")

type explainArgs struct {
	Version string `lua:"version"`
	Queue   string `lua:"queue"`
	ID      string `lua:"id"`
	Policy  string `lua:"policy"`
	Source  string `lua:"source"`
	Limit   int    `lua:"limit"`
}

// maxExplained is how many tickets Explain compares one with.
const maxExplained = 128

// Explanation says why a ticket is not matched yet.
type Explanation struct {
	Ticket Ticket // as it is now; if it does not wait the other fields are zero
	Rules  StoredRules
	Paused bool

	// Others is how many waiting tickets of the queue were looked at, of the first 128 in line; Permitted is how many of
	// them the rules let the ticket meet now. Without rules that is all. They compare pairs, also where more players make a match.
	Others, Permitted int

	// Candidate is the ticket that it may meet first; of several the nearest. "" if there is none, or no rules.
	Candidate string
	Rule      string        // that keeps the two apart longest; "" if they may meet now
	MeetIn    time.Duration // until the rules permit the two to meet; 0 if they do now, Never if not in 100 years
	Gap       *float64      // how far apart the two are by the first distance rule; nil if that is not known
}

// Explain says why a ticket is not matched yet. It compares the ticket with the first 128 in line, so that the call stays
// short. In a larger queue others may be nearer: a tick sorts tickets by the values that the rules compare, not by their
// places in line. Safe to repeat: it changes nothing. Errors: ErrNotFound, ErrRulesUnknown, *ConfigError,
// ErrUnavailable.
func (m *Matcher) Explain(ctx context.Context, ticketID string) (Explanation, error) {
	t, err := m.Ticket(ctx, ticketID)
	if err != nil || t.State != Waiting {
		return Explanation{Ticket: t}, err
	}
	e := Explanation{Ticket: t}
	err = m.rules.Do(ctx, func(book *rulebook.Book) error {
		plan := book.Plan(t.Queue)
		e.Rules = storedRules(book, plan)
		if plan.Err != nil {
			return plan.Err
		}
		r, err := explainScript.Call(ctx, m.space, explainArgs{
			Version: book.Version, Queue: t.Queue, ID: t.ID, Policy: plan.Policy, Source: plan.Source, Limit: maxExplained,
		})
		if err != nil {
			return err
		}
		return e.decode(r)
	})
	return e, err
}

// decode reads the reply of explain.lua.
func (e *Explanation) decode(r *space.Reply) error {
	now, value := r.Number(), r.Text()
	if r.Err == nil && codec.IsRecord(value) {
		t, _, err := liveTicket(e.Ticket.ID, value, now)
		if err != nil {
			return err
		}
		e.Ticket = t
	}
	e.Paused = r.Number() == 1
	e.Others, e.Permitted = int(r.Number()), int(r.Number())
	e.Candidate, e.Rule = r.Text(), r.Text()
	e.MeetIn = Never
	if wait, err := strconv.ParseInt(r.Text(), 10, 64); err == nil && wait <= codec.NeverMS {
		e.MeetIn = time.Duration(wait) * time.Millisecond
	} else if e.Candidate == "" {
		e.MeetIn = 0
	}
	if gap, err := strconv.ParseFloat(r.Text(), 64); err == nil {
		e.Gap = &gap
	}
	return r.Err
}
