package httpdoor

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/intake"
)

const maxKey = 255 // length limit of an Idempotency-Key, in bytes

// maxAttempts is how often a request with one key may be retried after Redis was away.
const maxAttempts = 16

// enqueue makes one ticket. With an Idempotency-Key the ticket's id derives from it, so that a repeated request finds
// its ticket, even above the rate limits, which are for new tickets.
func (a *API) enqueue(c echo.Context, r intake.Request) (matchq.Ticket, error) {
	ctx := c.Request().Context()
	client, address := identityOf(c), c.RealIP()
	taking := a.Intake.For(client)
	keys := c.Request().Header.Values("Idempotency-Key")
	if len(keys) == 0 {
		return taking.Enqueue(ctx, r, address)
	}
	if len(keys) > 1 || keys[0] == "" || len(keys[0]) > maxKey {
		return matchq.Ticket{}, wire.Errorf(wire.CodeInvalid, "Idempotency-Key must be given once, with 1 to %d characters", maxKey)
	}
	for attempt := range maxAttempts {
		r.ID = ticketID(a.Matcher.Config().Namespace, keyOwner(client), keys[0], attempt)
		t, err := taking.Enqueue(ctx, r, address)
		if refused, ok := errors.AsType[*wire.Error](err); ok && (refused.Code == wire.CodeRateLimited || refused.Code == wire.CodeTooManyQueues) {
			if t, err = a.Matcher.Ticket(ctx, r.ID); errors.Is(err, matchq.ErrNotFound) {
				return t, refused
			}
		}
		if err != nil {
			return t, err
		}
		if t.State == matchq.Cancelled && t.Reason == matchq.ReasonVoid {
			continue // this attempt was answered with redis_unavailable and queued nobody, so the client retries
		}
		if same, err := a.sameRequest(ctx, &r, &t); err != nil || same {
			return t, err
		}
		return t, &matchq.IDTakenError{ID: r.ID}
	}
	return matchq.Ticket{}, wire.Errorf(wire.CodeKeyReused, "this Idempotency-Key was tried too often: use a new one")
}

// keyOwner is the owner of an Idempotency-Key: its player, or all backends with the API key, or all clients where no
// proof is needed.
func keyOwner(client identity.Identity) string {
	switch {
	case client.Trusted:
		return "key"
	case client.Player != "":
		return "player " + client.Player
	default:
		return ""
	}
}

// ticketID derives a ticket's id.
func ticketID(namespace, identity, key string, attempt int) string {
	h := sha256.New()
	for _, part := range []string{namespace, identity, key, strconv.Itoa(attempt)} {
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part)) // lengths keep the parts apart
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)))
}

// sameRequest reports whether a ticket is the one of a request, however the request was spelt.
func (a *API) sameRequest(ctx context.Context, r *intake.Request, t *matchq.Ticket) (bool, error) {
	ttl, sameTTL := r.TTL, false
	if ttl == 0 {
		usual, err := a.Matcher.Rules(ctx, r.Queue.Name)
		if err != nil {
			return false, err
		}
		ttl = usual.Rules.TicketTTL
		sameTTL = usual.At.After(t.EnqueuedAt) // it had that of the rules before
	}
	if t.ExpiresAt.IsZero() {
		sameTTL = sameTTL || ttl == matchq.Never
	} else {
		sameTTL = sameTTL || t.ExpiresAt.Sub(t.EnqueuedAt) == ttl
	}
	sameRating := r.Rating == t.Rating || r.Rating != nil && t.Rating != nil && *r.Rating == *t.Rating
	return t.Player == r.Player.Name && t.Queue == r.Queue.Name && sameTTL && sameRating &&
		sameJSON(jsontext.Value(r.Attributes), jsontext.Value(t.Attributes)), nil
}

// sameJSON reports whether two texts, JSON or empty, mean the same: the order of keys, white space, escapes and the
// spelling of numbers do not count. Large integers that only a float64 takes for the same are different.
func sameJSON(a, b jsontext.Value) bool {
	return bytes.Equal(a, b) || len(a) > 0 && len(b) > 0 && bytes.Equal(canonical(a), canonical(b))
}

func canonical(v jsontext.Value) []byte {
	v = v.Clone()
	_ = v.Canonicalize(jsontext.CanonicalizeRawInts(false)) // it is JSON: the library took it
	return v
}
