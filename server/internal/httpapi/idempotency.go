package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/fault"
)

const maxKey = 255 // bytes of an Idempotency-Key

// mostAttempts is how often a request with one key may find Redis away and be tried again.
const mostAttempts = 16

// enqueue makes one ticket. With an Idempotency-Key the ticket's id follows from it, so that the same request again
// finds the same ticket.
func (a *API) enqueue(c echo.Context, r matchq.Request) (matchq.Ticket, error) {
	ctx, address := c.Request().Context(), c.RealIP()
	keys := c.Request().Header.Values("Idempotency-Key")
	if len(keys) == 0 {
		return a.Intake.Enqueue(ctx, r, address)
	}
	if len(keys) > 1 || keys[0] == "" || len(keys[0]) > maxKey {
		return matchq.Ticket{}, fault.New(fault.Invalid, "Idempotency-Key must be given once, with 1 to %d characters", maxKey)
	}
	for attempt := range mostAttempts {
		r.ID = ticketID(a.Matcher.Config().Namespace, "", keys[0], attempt)
		t, err := a.Intake.Enqueue(ctx, r, address)
		if err != nil {
			return t, err
		}
		if t.State == matchq.Cancelled && t.Reason == matchq.VoidReason {
			continue // this attempt was answered with redis_unavailable: it queued nobody, and the client tries again
		}
		if !a.sameRequest(&r, &t) {
			return t, &matchq.IDTakenError{ID: r.ID}
		}
		return t, nil
	}
	return matchq.Ticket{}, fault.New(fault.KeyReused, "this Idempotency-Key was tried too often: use a new one")
}

// ticketID derives a ticket's id. Whoever calls is not known yet, so callers share their keys.
func ticketID(namespace, identity, key string, attempt int) string {
	h := sha256.New()
	for _, part := range []string{namespace, identity, key, strconv.Itoa(attempt)} {
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part)) // the lengths keep parts apart
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)))
}

// sameRequest says whether a ticket is what a request asks for; the library has compared player and queue.
func (a *API) sameRequest(r *matchq.Request, t *matchq.Ticket) bool {
	var attributes bytes.Buffer
	if len(r.Attributes) > 0 && json.Compact(&attributes, r.Attributes) != nil {
		return false
	}
	ttl := r.TTL
	if ttl == 0 {
		ttl = a.Matcher.Config().TTL
	}
	sameTTL := t.ExpiresAt.Sub(t.EnqueuedAt) == ttl
	if t.ExpiresAt.IsZero() {
		sameTTL = ttl == matchq.Never
	}
	return sameTTL && r.Rating == t.Rating && bytes.Equal(attributes.Bytes(), t.Attributes)
}
