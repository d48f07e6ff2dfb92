package matchq

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// How tickets and events are written down; lua/lib/record.lua and lua/lib/entry.lua say the same for the scripts.
// Fields are separated by tabs and lines by newlines, which neither names nor compact JSON contain.

// neverMS stands for Never where a time to live is stored.
const neverMS = int64(maxDuration / time.Millisecond)

// body is a ticket's record without the time it expires, which Redis puts in front of it.
func body(t *Ticket, ttlMS int64) string {
	rating := ""
	if t.Rating != 0 {
		rating = strconv.FormatFloat(t.Rating, 'g', -1, 64)
	}
	ttl := strconv.FormatInt(ttlMS, 10)
	if t.WhileOnline {
		ttl += "!"
	}
	return t.Queue + "\t" + ttl + "\t" + t.Player + "\t" + rating + "\t" + t.ReplyTo + "\t" + string(t.Attributes)
}

// isRecord tells a waiting ticket's value from others, which begin with a letter.
func isRecord(value string) bool {
	return value != "" && value[0] >= '0' && value[0] <= '9'
}

// cutProposal parts the value of a proposed ticket; ok is false for other values.
func cutProposal(value string) (matchID, record string, ok bool) {
	rest, ok := strings.CutPrefix(value, "p\t")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, "\t")
}

// parseRecord reads a record as a waiting ticket.
func parseRecord(id, record string) (Ticket, error) {
	fields := strings.SplitN(record, "\t", 7)
	if len(fields) != 7 {
		return Ticket{}, fmt.Errorf("matchq: ticket %s: record has %d fields of 7", id, len(fields))
	}
	expires, err1 := strconv.ParseInt(fields[0], 10, 64)
	times, restored, _ := strings.Cut(fields[2], ".")
	digits, whileOnline := strings.CutSuffix(times, "!")
	ttl, err2 := strconv.ParseInt(digits, 10, 64)
	if err1 != nil || err2 != nil {
		return Ticket{}, fmt.Errorf("matchq: ticket %s: record has no times", id)
	}
	again, err := strconv.Atoi(restored)
	if restored != "" && err != nil {
		return Ticket{}, fmt.Errorf("matchq: ticket %s: restored %q times", id, restored)
	}
	t := Ticket{
		ID: id, Queue: fields[1], Player: fields[3], ReplyTo: fields[5], WhileOnline: whileOnline,
		State: Waiting, Version: 1 + 2*again, EnqueuedAt: time.UnixMilli(expires - ttl),
	}
	if ttl != neverMS {
		t.ExpiresAt = time.UnixMilli(expires)
	}
	if fields[4] != "" {
		if t.Rating, err = strconv.ParseFloat(fields[4], 64); err != nil {
			return Ticket{}, fmt.Errorf("matchq: ticket %s: rating: %w", id, err)
		}
	}
	if fields[6] != "" {
		t.Attributes = json.RawMessage(fields[6])
	}
	return t, nil
}

// liveTicket is a ticket that waits or is proposed, at some time of Redis's clock, and the match it is proposed for.
func liveTicket(id, value string, nowMS int64) (t Ticket, matchID string, err error) {
	matchID, record, proposed := cutProposal(value)
	if !proposed {
		record = value
	}
	if t, err = parseRecord(id, record); err != nil {
		return t, "", err
	}
	if proposed {
		t.State, t.Version = Proposed, t.Version+1
	}
	t.Waited = max(0, time.UnixMilli(nowMS).Sub(t.EnqueuedAt))
	return t, matchID, nil
}
