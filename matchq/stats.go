package matchq

import (
	"context"
	"fmt"
	"time"

	"github.com/matchq/matchq/matchq/internal/space"
)

var auditScript = space.Bind[auditArgs]("match/audit")

type auditArgs struct{}

// Stats are the totals of a namespace since it came into being.
type Stats struct {
	Enqueued  int64 // tickets made
	Waiting   int64
	Proposed  int64 // tickets of matches that wait for their players to accept
	Matched   int64 // tickets
	Cancelled int64 // tickets
	Expired   int64 // tickets
	Forgotten int64 // tickets that ended and are not kept any more
	Matches   int64
	Stored    int64     // tickets kept
	Events    int64     // entries kept, each of up to 50 places
	Queues    int64     // queues that hold anybody
	At        time.Time // when all this was so, by Redis's clock
}

// Stats returns the totals. Errors: ErrUnavailable.
func (m *Matcher) Stats(ctx context.Context) (Stats, error) {
	r, err := auditScript.Call(ctx, m.space, auditArgs{})
	if err != nil {
		return Stats{}, err
	}
	s := Stats{
		Enqueued: r.Number(), Proposed: r.Number(), Matched: r.Number(), Cancelled: r.Number(), Expired: r.Number(), Forgotten: r.Number(),
		Matches: r.Number(), Stored: r.Number(), Events: r.Number(), Queues: r.Number(), At: time.UnixMilli(r.Number()),
	}
	s.Waiting = s.Enqueued - s.Proposed - s.Matched - s.Cancelled - s.Expired
	return s, r.Err
}

// AuditReport is the conservation count: every ticket is somewhere, and only once.
type AuditReport struct {
	Stats
	Problems []string // sums that do not add up; none if all is well
}

// OK says whether everything adds up.
func (a *AuditReport) OK() bool { return len(a.Problems) == 0 }

func (a *AuditReport) expect(what string, got, want int64) {
	if got != want {
		a.Problems = append(a.Problems, fmt.Sprintf("%s: %d, expected %d", what, got, want))
	}
}

// Audit counts in one step: enqueued = waiting + proposed + matched + cancelled + expired, and those of them that are not
// forgotten are stored. It is cheap. Errors: ErrUnavailable.
func (m *Matcher) Audit(ctx context.Context) (AuditReport, error) {
	s, err := m.Stats(ctx)
	a := AuditReport{Stats: s}
	if err != nil {
		return a, err
	}
	a.expect("tickets stored (enqueued - forgotten)", s.Stored, s.Enqueued-s.Forgotten)
	if s.Waiting < 0 || s.Proposed < 0 {
		a.Problems = append(a.Problems, fmt.Sprintf("more tickets ended than were enqueued: %d wait, %d are proposed", s.Waiting, s.Proposed))
	}
	return a, nil
}
