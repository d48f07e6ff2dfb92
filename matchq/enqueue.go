package matchq

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/sender"
	"github.com/matchq/matchq/matchq/internal/space"
)

// Result answers one request of EnqueueAll.
type Result struct {
	Ticket Ticket
	Err    error
}

// Enqueue puts a player in a queue. Requests that come while an earlier call is under way go to Redis together; a lone
// one goes at once.
//
// Errors: *InvalidError, *DuplicateError (with the player's live ticket), *IDTakenError, ErrPaused, ErrRulesUnknown,
// *ConfigError, ErrOverloaded, ErrUnavailable, context.Canceled if the caller cancelled ctx. After any of them nothing was
// queued. If there was no answer the error is an *UnknownError too, and the ticket is void. Repeating is safe: a second
// ticket for the player is refused as long as the first lives. To learn the outcome of the first request, set Request.ID.
func (m *Matcher) Enqueue(ctx context.Context, r Request) (Ticket, error) {
	if len(m.hooks.load()) == 0 {
		return m.enqueue(ctx, &r)
	}
	began := time.Now()
	t, err := m.enqueue(ctx, &r)
	m.hooks.enqueued([]Request{r}, []Result{{t, err}}, began)
	return t, err
}

func (m *Matcher) enqueue(ctx context.Context, r *Request) (Ticket, error) {
	book, unread := m.rules.Book(ctx)
	prepared, err := m.prepare(r, book, unread)
	if err != nil {
		return Ticket{}, err
	}
	p := m.sender.Add(ctx, prepared, prepared.key())
	if p == nil {
		return Ticket{}, ErrOverloaded
	}
	result := m.await(ctx, m.cfg.Timeout, p)
	return result.Ticket, result.Err
}

// EnqueueAll puts many players in queues and returns one result a request, in their order. It makes a call to Redis
// for each Config.Limit of them, at most 128, and takes at most Config.Timeout for each call. Requests of one player are
// treated in their order, and so are those of one queue. The error is that of ctx, if it ended before all had an answer;
// the results still say which had.
func (m *Matcher) EnqueueAll(ctx context.Context, requests []Request) ([]Result, error) {
	began := time.Now()
	results, err := m.enqueueAll(ctx, requests)
	m.hooks.enqueued(requests, results, began)
	return results, err
}

func (m *Matcher) enqueueAll(ctx context.Context, requests []Request) ([]Result, error) {
	results := make([]Result, len(requests))
	rows, keys := make([]row, 0, len(requests)), make([]sender.Key, 0, len(requests))
	at := make([]int, 0, len(requests))
	book, unread := m.rules.Book(ctx)
	for i := range requests {
		prepared, err := m.prepare(&requests[i], book, unread)
		if err != nil {
			results[i].Err = err
			continue
		}
		rows, keys = append(rows, prepared), append(keys, prepared.key())
		at = append(at, i)
	}
	patience := m.cfg.Timeout * time.Duration(1+len(rows)/min(m.cfg.Limit, sender.MaxRows))
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	sent := m.sender.AddAll(ctx, rows, keys)
	for i := range rows {
		if sent == nil {
			results[at[i]].Err = ErrOverloaded
			continue
		}
		results[at[i]] = m.await(waiting, 0, sent[i])
	}
	return results, ctx.Err()
}

// await waits for the answer to a row.
func (m *Matcher) await(ctx context.Context, patience time.Duration, p *pending) Result {
	a, sent, err := m.sender.Await(ctx, patience, p)
	switch {
	case err == nil:
		defer m.sender.Release(p)
		return m.settle(ctx, &p.Row, a)
	case sent:
		m.voider.add(p.Row)
		return Result{Err: &UnknownError{TicketID: p.Row.ticket.ID, Err: err}}
	default:
		return Result{Err: fmt.Errorf("matchq: nothing was queued: %w", space.Unavailable(err))}
	}
}

// settle turns an answer into the caller's result.
func (m *Matcher) settle(ctx context.Context, row *row, a answer) Result {
	switch a.status {
	case statusQueued:
		t, err := row.queuedAt(&a)
		return Result{Ticket: t, Err: err}
	case statusDuplicate:
		t, _, err := liveTicket(a.id, a.value, a.nowMS)
		if err != nil {
			return Result{Err: err}
		}
		return Result{Err: &DuplicateError{Ticket: t}}
	case statusPaused:
		return Result{Err: fmt.Errorf("%w: %q", ErrPaused, row.ticket.Queue)}
	case statusKnown:
		t, err := m.knownTicket(ctx, row.ticket.ID, &a)
		if err == nil && (t.Player != row.ticket.Player || t.Queue != row.ticket.Queue) {
			return Result{Err: &IDTakenError{ID: row.ticket.ID}}
		}
		t.Repeated = err == nil && row.named
		return Result{Ticket: t, Err: err}
	case statusUnknown:
		m.voider.add(*row)
		return Result{Err: &UnknownError{TicketID: row.ticket.ID, Err: a.err}}
	default:
		return Result{Err: a.err}
	}
}

// knownTicket is the ticket of a repeated request.
func (m *Matcher) knownTicket(ctx context.Context, id string, a *answer) (Ticket, error) {
	if codec.IsRecord(a.value) {
		t, _, err := liveTicket(id, a.value, a.nowMS)
		return t, err
	}
	t, err := m.Ticket(ctx, id)
	if errors.Is(err, ErrNotFound) {
		// It was forgotten between the two calls, so it ended as the outcome said, a whole retention ago.
		return Ticket{}, fmt.Errorf("ticket %s has ended: %w", id, err)
	}
	return t, err
}
