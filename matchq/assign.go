package matchq

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/space"
)

// MaxConnection is how many bytes the Connection of an Assignment may have.
const MaxConnection = 1024

// Assignment says where a match is played.
type Assignment struct {
	// Connection tells clients where to connect, such as "203.0.113.5:7777" or a URL: 1 to 1,024 bytes of UTF-8.
	Connection string
	// Data is JSON for the players, by the rules of Request.Attributes: up to 4 KiB when compacted; nil for none.
	Data json.RawMessage
}

// MatchRelease says when and why a match was released.
type MatchRelease struct {
	At     time.Time // by Redis's clock
	Reason string
}

// Validate says what Assign would find wrong, as an *InvalidError.
func (a *Assignment) Validate() error {
	_, err := a.text()
	return err
}

// text is the assignment as it is stored.
func (a *Assignment) text() (string, error) {
	switch {
	case a.Connection == "" || len(a.Connection) > MaxConnection:
		return "", &InvalidError{"connection", fmt.Sprintf("must be 1 to %d bytes, not %d", MaxConnection, len(a.Connection))}
	case !utf8.ValidString(a.Connection):
		return "", &InvalidError{"connection", "must be UTF-8"}
	}
	data, problem := codec.CompactJSON(a.Data, MaxAttributes, MaxDepth)
	if err := invalid("data", problem); err != nil {
		return "", err
	}
	return codec.AssignmentText(a.Connection, data)
}

var assignScript = space.Bind[assignArgs]("match/assign")

type assignArgs struct {
	Match      string `lua:"match"`
	Assignment string `lua:"assignment"`
}

// Assign says where a match is played, and returns the match. From then on all who read the match see that, and an
// Assigned event tells of it. Another assignment replaces it. It is kept as long as the match is: Config.Retention. The
// same assignment again changes nothing, so it is safe to repeat.
//
// Errors: *InvalidError, ErrNotFound, ErrProposed, ErrReadyCheckFailed if the match fell apart, ErrReleased, *ConfigError,
// ErrUnavailable.
func (m *Matcher) Assign(ctx context.Context, matchID string, a Assignment) (Match, error) {
	text, err := a.text()
	if err != nil {
		return Match{}, err
	}
	if _, _, ok := codec.SplitPlaceID(matchID); !ok {
		return Match{}, ErrNotFound
	}
	r, err := assignScript.Call(ctx, m.space, assignArgs{Match: matchID, Assignment: text})
	if err != nil {
		return Match{}, err
	}
	match, err := decodeMatch(r, matchID, r.Number())
	switch {
	case err != nil:
		return Match{}, err
	case match.State == Proposed:
		return Match{}, fmt.Errorf("%w: %s", ErrProposed, matchID)
	case match.Released != nil:
		return Match{}, fmt.Errorf("%w: %s", ErrReleased, matchID)
	case match.State == Cancelled:
		return Match{}, fmt.Errorf("%w: %s", ErrReadyCheckFailed, matchID)
	}
	return match, nil
}

// decodeSequel reads a match's assignment and release from the end of a reply.
func (m *Match) decodeSequel(r *space.Reply) error {
	sequel, err := codec.ParseSequel(r.Text(), len(m.Tickets))
	if err == nil {
		err = m.follow(&sequel)
	}
	return errors.Join(r.Err, err)
}

// follow adds its assignment and release to a match.
func (m *Match) follow(s *codec.Sequel) error {
	if s.Assignment != "" {
		connection, data, err := codec.ParseAssignment(s.Assignment)
		if err != nil {
			return err
		}
		m.Assignment = &Assignment{connection, data}
	}
	if s.ReleasedMS == 0 {
		return nil
	}
	m.Released = &MatchRelease{time.UnixMilli(s.ReleasedMS), s.Reason}
	for i := range m.Tickets {
		if t := &m.Tickets[i]; s.Successors[i] != t.ID { // as those of a proposal do
			t.Successor = s.Successors[i]
		}
	}
	return nil
}
