package matchq

import (
	"context"

	"github.com/matchq/matchq/matchq/internal/space"
)

var lineScript = space.Bind[lineArgs]("match/line")

type lineArgs struct {
	Queue string `lua:"queue"`
	Limit int    `lua:"limit"`
}

// maxLine is how many places of a line one call looks at.
const maxLine = 500

// Line returns the tickets at the head of a queue's line, in their order: those that wait, and those that are proposed and
// keep their place. It looks at the first n places, at most 500; a cancelled ticket may still take one. Errors:
// *InvalidError, ErrUnavailable.
func (m *Matcher) Line(ctx context.Context, queue string, n int) ([]Ticket, error) {
	if err := CheckName("queue", queue); err != nil {
		return nil, err
	}
	r, err := lineScript.Call(ctx, m.space, lineArgs{Queue: queue, Limit: max(0, min(n, maxLine))})
	if err != nil {
		return nil, err
	}
	now := r.Number()
	var line []Ticket
	for r.Err == nil && r.More() {
		t, _, err := liveTicket(r.Text(), r.Text(), now)
		if err != nil {
			return nil, err
		}
		line = append(line, t)
	}
	return line, r.Err
}
