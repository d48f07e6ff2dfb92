package matchq

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/matchq/matchq/matchq/internal/space"
)

// sender gathers rows that come while calls are under way and sends them in the next calls (group commit). There is no
// timer: the first row finds the sender idle and goes alone.
type sender struct {
	space *space.Space
	limit int // rows a call

	enqueue func(ctx context.Context, batch []*pending, answers []answer) error
	sent    func(batch []*pending, answers []answer) // is told of each batch that was sent

	mu      sync.Mutex
	rows    []*pending // those that came since the round began, oldest first
	round   []*pending // those to be sent before them, by queue
	sending bool
	suspect bool // the last call got no answer that settles it; used by the goroutine that sends only
}

// pending is a row that waits for its answer.
type pending struct {
	row    row
	answer chan answer
	taken  bool // by the sender or back from it; guarded by sender.mu
}

type status int

const (
	statusFailed  status = iota // err says why; nothing was queued
	statusUnknown               // err says why; it may have been queued
	statusQueued
	statusDuplicate // id is the player's live ticket, value its record
	statusKnown     // value is the one of the id
	statusPaused
)

type answer struct {
	status    status
	nowMS     int64 // when Redis gave it
	id, value string
	err       error
}

func newSender(in *space.Space, limit int,
	enqueue func(context.Context, []*pending, []answer) error, sent func([]*pending, []answer),
) *sender {
	return &sender{space: in, limit: limit, enqueue: enqueue, sent: sent}
}

func newPending(r row) *pending { return &pending{row: r, answer: make(chan answer, 1)} }

// add hands rows to the sender.
func (s *sender) add(rows ...*pending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append(s.rows, rows...)
	if !s.sending && len(s.rows) > 0 {
		s.sending = true
		go s.run()
	}
}

// takeBack withdraws a row that was not sent yet.
func (s *sender) takeBack(p *pending) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	mine := !p.taken
	p.taken = true
	return mine
}

// run sends batch after batch until no row is left.
func (s *sender) run() {
	for {
		away := s.probe()
		batch := s.take(away)
		if len(batch) == 0 {
			return
		}
		if away != nil {
			continue
		}
		answers := make([]answer, len(batch))
		if failed := s.send(batch, answers); failed != nil {
			for i := range answers {
				answers[i] = *failed
			}
		}
		for i, p := range batch {
			p.answer <- answers[i]
		}
		s.sent(batch, answers)
	}
}

// take moves the next rows of the round to a batch, at most limit. When the round is over, all rows that came meanwhile
// make the next one, so that no queue can keep another waiting. If Redis is away the rows have their answer before
// anybody can see that they were taken: a caller that can't take its row back and finds no answer knows that it was sent.
func (s *sender) take(away *answer) []*pending {
	s.mu.Lock()
	defer s.mu.Unlock()
	var batch []*pending
	for len(batch) == 0 && len(s.round)+len(s.rows) > 0 {
		if len(s.round) == 0 {
			s.begin()
			continue // it is empty if all callers gave up
		}
		calls := (len(s.round) + s.limit - 1) / s.limit
		share := (len(s.round) + calls - 1) / calls
		batch = slices.DeleteFunc(s.round[:share:share], func(p *pending) bool { return p.taken }) // back
		for _, p := range batch {
			p.taken = true
			if away != nil {
				p.answer <- *away
			}
		}
		s.round = s.round[share:]
	}
	s.sending = len(batch) > 0
	return batch
}

// begin makes a round of the rows that came, no player and no id twice: the answer to a later row depends on the earlier
// one. The round is sorted, so that rows of one queue go together: that costs Redis less than the order in which they
// came. Their order in a queue stays.
func (s *sender) begin() {
	players, ids := make(map[string]bool, len(s.rows)), map[string]bool{}
	kept := s.rows[:0]
	for _, p := range s.rows {
		t := &p.row.ticket
		switch {
		case p.taken: // back
			continue
		case players[t.Player] || ids[t.ID]:
			kept = append(kept, p)
		default:
			s.round = append(s.round, p)
		}
		players[t.Player], ids[t.ID] = true, true // also of a kept row: none of theirs may overtake it
	}
	clear(s.rows[len(kept):])
	s.rows = kept
	slices.SortStableFunc(s.round, func(a, b *pending) int { return strings.Compare(a.row.ticket.Queue, b.row.ticket.Queue) })
}

// probe asks Redis for a sign of life if the last call got no answer. While Redis is away nothing is taken and sent: so it
// is known that nothing was queued, there is nothing to void, and callers who give up take their rows back.
func (s *sender) probe() *answer {
	if !s.suspect {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.space.Timeout())
	defer cancel()
	if err := s.space.Client().Ping(ctx).Err(); err != nil {
		return &answer{status: statusFailed, err: fmt.Errorf("nothing was queued: %w", s.space.Failure("ping", err, false))}
	}
	s.suspect = false
	return nil
}

// send sends one batch and fills in its answers; if there is none, it returns the one for all.
func (s *sender) send(batch []*pending, answers []answer) *answer {
	// The batch outlives its callers, so it has a time-out of its own.
	ctx, cancel := context.WithTimeout(context.Background(), s.space.Timeout())
	defer cancel()
	err := s.enqueue(ctx, batch, answers)
	switch {
	case err == nil:
		return nil
	case space.ChangedNothing(err):
		return &answer{status: statusFailed, err: err}
	case errors.Is(err, space.ErrNotSent):
		s.suspect = true
		return &answer{status: statusFailed, err: fmt.Errorf("matchq: nothing was queued: %w", err)}
	default:
		s.suspect = true
		return &answer{status: statusUnknown, err: err}
	}
}
