package matchq

import (
	"context"
	"fmt"
	"time"

	"github.com/matchq/matchq/matchq/internal/space"
)

var auditScript = space.Bind[auditArgs]("match/audit")

type auditArgs struct {
	Rows []queueRow `lua:"row"`
}

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
	a, err := m.count(ctx, nil)
	return a.Stats, err
}

// count reads the totals, and compares them with the lists of some queues if no other queue is listed. compared says so.
func (m *Matcher) count(ctx context.Context, queues []queueRow) (a AuditReport, err error) {
	r, err := auditScript.Call(ctx, m.space, auditArgs{Rows: queues})
	if err != nil {
		return a, err
	}
	s := Stats{
		Enqueued: r.Number(), Proposed: r.Number(), Matched: r.Number(), Cancelled: r.Number(), Expired: r.Number(), Forgotten: r.Number(),
		Matches: r.Number(), Stored: r.Number(), Events: r.Number(), Queues: r.Number(), At: time.UnixMilli(r.Number()),
	}
	s.Waiting = s.Enqueued - s.Proposed - s.Matched - s.Cancelled - s.Expired
	if standing, held := r.Number(), r.Number(); standing >= 0 {
		a.compared = true
		a.expect("live tickets in the lists of queues", standing, s.Waiting+s.Proposed)
		a.expect("proposed tickets of queues", held, s.Proposed)
	}
	a.Stats = s
	return a, r.Err
}

// AuditReport is the conservation count: every ticket is somewhere, and only once.
type AuditReport struct {
	Stats
	Problems []string // sums that do not add up; none if all is well

	compared bool // the totals with the lists
}

// OK says whether everything adds up.
func (a *AuditReport) OK() bool { return len(a.Problems) == 0 }

func (a *AuditReport) expect(what string, got, want int64) {
	if got != want {
		a.Problems = append(a.Problems, fmt.Sprintf("%s: %d, expected %d", what, got, want))
	}
}

const (
	maxAudited = 512 // queues whose lists Audit compares with the totals: 0.2 ms of Redis
	auditLooks = 3
)

// Audit counts in one step: enqueued = waiting + proposed + matched + cancelled + expired. Those of them that are not
// forgotten are stored, and those that live stand in the lists of their queues. The lists are compared while at most 512
// queues hold tickets, and no new one is listed three times in a row meanwhile. It is cheap. Errors: ErrUnavailable.
func (m *Matcher) Audit(ctx context.Context) (AuditReport, error) {
	var a AuditReport
	for look := 0; look < auditLooks && !a.compared; look++ {
		names, err := space.Members(ctx, m.space, space.Due, maxAudited)
		if err != nil {
			return a, err
		}
		if len(names) > maxAudited {
			names, look = nil, auditLooks
		}
		if a, err = m.count(ctx, rowsOf(names)); err != nil {
			return a, err
		}
	}
	a.expect("tickets stored (enqueued - forgotten)", a.Stored, a.Enqueued-a.Forgotten)
	if a.Waiting < 0 || a.Proposed < 0 {
		a.Problems = append(a.Problems, fmt.Sprintf("more tickets ended than were enqueued: %d wait, %d are proposed", a.Waiting, a.Proposed))
	}
	return a, nil
}
