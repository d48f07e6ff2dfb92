package matchq_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/matchq/matchq/matchq"
)

// endMatch applies an event to a match that is, or was, proposed.
func (m *model) endMatch(ev *matchq.Event) error {
	match := m.matches[ev.MatchID]
	if ev.MatchID == "" || match == nil && ev.Kind == matchq.Matched {
		return nil // of a queue without a ready check
	}
	switch {
	case ev.Kind == matchq.Proposed && match == nil:
		match = &modelMatch{Match: *ev.Match, ids: idsOf(ev.Match.Tickets), reasons: map[string]string{}}
		m.matches[ev.MatchID] = match
		if !ev.Match.Deadline.Equal(ev.At.Add(m.cfg.ReadyTimeout)) {
			return fmt.Errorf("deadline of %+v", *ev)
		}
	case match == nil || ev.Kind == matchq.Proposed || match.State == matchq.Matched:
		return fmt.Errorf("event of another match: %+v", *ev)
	case ev.Kind == matchq.Matched:
		if !slices.Equal(match.ids, idsOf(ev.Match.Tickets)) || len(match.Accepted)+1 < len(match.ids) {
			return fmt.Errorf("%+v is made of %+v", *ev, *match)
		}
		match.State = matchq.Matched
	case ev.Kind == matchq.Cancelled:
		match.reasons[ev.Ticket.ID] = ev.Reason
		match.State = matchq.Cancelled
	default:
		match.State = matchq.Cancelled
	}
	match.MadeAt = ev.At
	return nil
}

// over reports whether a proposal's deadline has passed.
func (s *machine) over(match *modelMatch) bool {
	return match.State == matchq.Proposed && !s.now.IsZero() && !match.Deadline.After(s.now)
}

// anyMatch draws the id of a match, or an unknown id.
func (s *machine) anyMatch(t *rapid.T) string {
	ids := []string{"1-1-1", "x"}
	for id := range s.matches {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return rapid.SampledFrom(ids).Draw(t, "match")
}

// anyMember draws a match and a player, usually one of its players.
func (s *machine) anyMember(t *rapid.T) (id, player string, match *modelMatch, ticketID string) {
	id = s.anyMatch(t)
	match = s.matches[id]
	player = rapid.SampledFrom(somePlayers).Draw(t, "player")
	if match == nil {
		return id, player, nil, ""
	}
	if rapid.IntRange(0, 9).Draw(t, "stranger") > 0 {
		player = rapid.SampledFrom(match.Players()).Draw(t, "member")
	}
	if i := slices.Index(match.Players(), player); i >= 0 {
		ticketID = match.ids[i]
	}
	return id, player, match, ticketID
}

func (s *machine) doAccept(t *rapid.T) error {
	id, player, match, ticketID := s.anyMember(t)
	defer s.repeated(t)()
	got, err := s.m.Accept(s.ctx, id, player)
	switch {
	case ticketID == "":
		if !errors.Is(err, matchq.ErrNotFound) {
			return fmt.Errorf("%s accepts %s of others: %+v, %w", player, id, got, err)
		}
		return s.sync(nothing)
	case s.over(match):
		if !errors.Is(err, matchq.ErrReadyCheckFailed) {
			return fmt.Errorf("%s accepts %s too late: %+v, %w", player, id, got, err)
		}
		return s.fallsApart(match, s.silent(match), matchq.ReasonNoAnswer)
	case match.State == matchq.Cancelled:
		if !errors.Is(err, matchq.ErrReadyCheckFailed) {
			return fmt.Errorf("%s accepts %s, which fell apart: %+v, %w", player, id, got, err)
		}
		return s.sync(nothing)
	case err != nil:
		return fmt.Errorf("%s accepts %+v: %w", player, *match, err)
	case match.State == matchq.Matched:
		err = s.sync(nothing)
	default:
		if !slices.Contains(match.Accepted, player) {
			match.Accepted = append(match.Accepted, player)
		}
		err = s.sync(func(ev *matchq.Event) error {
			if ev.Kind != matchq.Matched || ev.MatchID != id || len(match.Accepted) < len(match.ids) {
				return fmt.Errorf("accepting %s must not make %+v", id, *ev)
			}
			return nil
		})
	}
	if err == nil && len(match.Accepted) == len(match.ids) && match.State != matchq.Matched {
		err = fmt.Errorf("all accepted, but %s is %s", id, match.State)
	}
	return errors.Join(err, s.sameMatch(&got, match))
}

func (s *machine) doDecline(t *rapid.T) error {
	id, player, match, ticketID := s.anyMember(t)
	defer s.repeated(t)()
	err := s.m.Decline(s.ctx, id, player)
	var matched *matchq.MatchedError
	switch {
	case ticketID == "":
		if !errors.Is(err, matchq.ErrNotFound) {
			return fmt.Errorf("%s declines %s of others: %w", player, id, err)
		}
		return s.sync(nothing)
	case s.over(match):
		if !errors.Is(err, matchq.ErrReadyCheckFailed) {
			return fmt.Errorf("%s declines %s too late: %w", player, id, err)
		}
		return s.fallsApart(match, s.silent(match), matchq.ReasonNoAnswer)
	case match.State == matchq.Proposed:
		if err != nil {
			return fmt.Errorf("%s declines %+v: %w", player, *match, err)
		}
		return s.fallsApart(match, []string{ticketID}, matchq.ReasonDeclined)
	case match.State == matchq.Matched && !errors.As(err, &matched),
		match.State == matchq.Cancelled && match.reasons[ticketID] == matchq.ReasonDeclined && err != nil,
		match.State == matchq.Cancelled && match.reasons[ticketID] != matchq.ReasonDeclined && !errors.Is(err, matchq.ErrReadyCheckFailed):
		return fmt.Errorf("%s declines %+v: %w", player, *match, err)
	}
	return s.sync(nothing)
}

// silent returns the tickets of a proposal whose players have not accepted.
func (s *machine) silent(match *modelMatch) []string {
	var ids []string
	for i, player := range match.Players() {
		if !slices.Contains(match.Accepted, player) {
			ids = append(ids, match.ids[i])
		}
	}
	return ids
}

// fallsApart checks that a proposal cancels some of its tickets and restores the others.
func (s *machine) fallsApart(match *modelMatch, out []string, reason string) error {
	err := s.sync(func(ev *matchq.Event) error { return mayFallApart(ev, match, out, reason) })
	if err == nil && (match.State != matchq.Cancelled || len(match.reasons) != len(out)) {
		err = fmt.Errorf("%+v must have fallen apart by %v", *match, out)
	}
	return err
}

func mayFallApart(ev *matchq.Event, match *modelMatch, out []string, reason string) error {
	kind := matchq.Restored
	if ev.Ticket != nil && slices.Contains(out, ev.Ticket.ID) {
		kind = matchq.Cancelled
	}
	if ev.Kind != kind || ev.MatchID != match.ID || ev.Reason != reason {
		return fmt.Errorf("%+v falls apart by %v, %s, which must not make %+v", *match, out, reason, *ev)
	}
	return nil
}

// cancelledProposed checks the result of cancelling a proposed ticket.
func (s *machine) cancelledProposed(t *modelTicket) error {
	match, out, reason := s.matches[t.matchID], []string{t.ID}, matchq.ReasonDeclined
	if s.over(match) {
		out, reason = s.silent(match), matchq.ReasonNoAnswer
	}
	err := s.sync(func(ev *matchq.Event) error {
		if ev.Kind == matchq.Cancelled && ev.MatchID == "" && ev.Ticket.ID == t.ID && !slices.Contains(out, t.ID) {
			return nil // it had accepted in time, and so waited again
		}
		return mayFallApart(ev, match, out, reason)
	})
	if err == nil && (match.State != matchq.Cancelled || t.State != matchq.Cancelled || len(match.reasons) != len(out)) {
		err = fmt.Errorf("cancelling %s: %+v must have fallen apart by %v", t.ID, *match, out)
	}
	return err
}

// settleAll ends all proposals whose deadline has passed.
func (s *machine) settleAll() error {
	for more := true; more; {
		var err error
		if more, err = s.m.Settle(s.ctx); err != nil {
			return err
		}
	}
	late := map[string][]string{}
	for id, match := range s.matches {
		if s.over(match) {
			late[id] = s.silent(match)
		}
	}
	err := s.sync(func(ev *matchq.Event) error {
		if late[ev.MatchID] == nil {
			return fmt.Errorf("settling must not make %+v", *ev)
		}
		return mayFallApart(ev, s.matches[ev.MatchID], late[ev.MatchID], matchq.ReasonNoAnswer)
	})
	for id := range late {
		if err == nil && s.matches[id].State != matchq.Cancelled {
			err = fmt.Errorf("%s is not settled", id)
		}
	}
	return err
}

func (s *machine) doWithdraw(t *rapid.T) error {
	players := rapid.SliceOfNDistinct(rapid.SampledFrom(somePlayers), 1, 4, rapid.ID[string]).Draw(t, "withdrawn")
	since := rapid.SampledFrom([]time.Time{{}, time.Now().AddDate(1, 0, 0)}).Draw(t, "since")
	stop := s.repeated(t)
	err := s.m.Withdraw(s.ctx, "friends", since, players...)
	stop()
	var out []*modelTicket
	for _, player := range players {
		latest := s.tickets[s.latest[player]]
		if latest == nil {
			continue
		}
		if latest.State == matchq.Proposed || latest.State == matchq.Matched && since.IsZero() {
			var busy *matchq.BusyError
			if !errors.As(err, &busy) || busy.Player != player {
				return fmt.Errorf("withdraw %v, while %s is busy: %w", players, player, err)
			}
			return s.sync(nothing)
		}
		if latest.State == matchq.Waiting {
			out = append(out, latest)
		}
	}
	if err == nil {
		err = s.sync(func(ev *matchq.Event) error {
			if ev.Kind != matchq.Cancelled || ev.Reason != "friends" || ev.MatchID != "" ||
				!slices.ContainsFunc(out, func(t *modelTicket) bool { return t.ID == ev.Ticket.ID }) {
				return fmt.Errorf("withdrawing %v must not make %+v", players, *ev)
			}
			return nil
		})
	}
	for _, t := range out {
		if err == nil && t.State != matchq.Cancelled {
			err = fmt.Errorf("%s was withdrawn, but is %+v", t.Player, *t)
		}
		if len(s.standing(t.Queue)) == 0 {
			s.tidy(t.Queue)
		}
	}
	return err
}

// sameMatch returns an error if a match differs from the expected one.
func (s *machine) sameMatch(got *matchq.Match, want *modelMatch) error {
	slices.Sort(got.Accepted)
	accepted := slices.Sorted(slices.Values(want.Accepted))
	if want.State != matchq.Proposed {
		accepted = nil
	}
	if got.ID != want.ID || got.State != want.State || got.Queue != want.Queue || got.Room != want.Room ||
		!got.MadeAt.Equal(want.MadeAt) || !slices.Equal(idsOf(got.Tickets), want.ids) || !slices.Equal(got.Accepted, accepted) ||
		got.Deadline.IsZero() != (want.State != matchq.Proposed) {
		return fmt.Errorf("match is\n%+v, but must be\n%+v", *got, *want)
	}
	return s.sameSequel(got)
}

func (s *machine) checkMatch(id string) error {
	got, err := s.m.Match(s.ctx, id)
	if want := s.matches[id]; want != nil {
		if err != nil {
			return fmt.Errorf("match %s: %w", id, err)
		}
		return s.sameMatch(&got, want)
	}
	if !errors.Is(err, matchq.ErrNotFound) {
		return fmt.Errorf("match %s must not be found, but is: %+v, %w", id, got, err)
	}
	return nil
}
