package httpdoor

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/limits"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/intake"
)

// ticketBody is a request for a ticket. With a player's token the player may be left out.
type ticketBody struct {
	Player     *wire.ID        `json:"player"`
	Rating     *float64        `json:"rating"`
	Attributes json.RawMessage `json:"attributes"`
	TTLMs      *int64          `json:"ttl_ms"`
}

// Bounds of a ticket's time to live. That of players is short, so that they can't fill Redis.
const (
	maxTTL       = 100 * 365 * 24 * time.Hour // the library's
	maxPlayerTTL = time.Hour                  // or the rules' ticket_ttl if that is longer
)

func (a *API) maxTTLFor(ctx context.Context, client identity.Identity, queue string) (time.Duration, error) {
	if client.Player == "" {
		return maxTTL, nil
	}
	usual, err := a.Matcher.Rules(ctx, queue)
	if err != nil || usual.Rules.TicketTTL == matchq.Never {
		return maxTTL, err
	}
	return max(usual.Rules.TicketTTL, maxPlayerTTL), nil
}

// request converts the body to a request of the intake.
func (b *ticketBody) request(client identity.Identity, queue wire.ID, longest time.Duration) (intake.Request, error) {
	player, err := playerOf(client, b.Player)
	if err != nil {
		return intake.Request{}, err
	}
	r := intake.Request{Queue: queue, Player: player, Rating: b.Rating, Attributes: b.Attributes}
	if b.TTLMs != nil {
		if *b.TTLMs < 1 || *b.TTLMs > longest.Milliseconds() {
			return r, wire.Errorf(wire.CodeInvalid, "ttl_ms must be from 1 to %d", longest.Milliseconds())
		}
		r.TTL = time.Duration(*b.TTLMs) * time.Millisecond
	}
	return r, nil
}

func (a *API) createTicket(c echo.Context) error {
	if a.draining.Load() {
		return wire.StoppingError()
	}
	queue, err := param(c, "queue")
	if err != nil {
		return err
	}
	var body ticketBody
	if err := readBody(c, maxBody, &body); err != nil {
		return err
	}
	longest, err := a.maxTTLFor(c.Request().Context(), identityOf(c), queue)
	if err != nil {
		return err
	}
	r, err := body.request(identityOf(c), wire.ID{Name: queue}, longest)
	if err != nil {
		return err
	}
	var t matchq.Ticket
	err = a.Turns.Do(c.Request().Context(), func() (err error) {
		t, err = a.enqueue(c, r)
		return err
	})
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", a.Prefix+"/v1/tickets/"+url.PathEscape(t.ID))
	return c.JSONPretty(http.StatusCreated, viewTicket(&t), "") // JSON parses the query, for a way to indent
}

func (a *API) deleteTicket(c echo.Context) error {
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if _, err := a.ticketFor(ctx, identityOf(c), id); err != nil {
		return err
	}
	if err := a.Matcher.Cancel(ctx, id, ""); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

const maxBatch = limits.MaxBatch

// batchTicket is one ticket of a batch.
type batchTicket struct {
	Queue      wire.ID         `json:"queue"`
	Player     *wire.ID        `json:"player"`
	Rating     *float64        `json:"rating"`
	Attributes json.RawMessage `json:"attributes"`
	TTLMs      *int64          `json:"ttl_ms"`
}

// batchResult is the result of one ticket; one of the fields is set.
type batchResult struct {
	Ticket *ticketView `json:"ticket,omitempty"`
	Error  *problem    `json:"error,omitempty"`
}

func (a *API) createTickets(c echo.Context) error {
	if a.draining.Load() {
		return wire.StoppingError()
	}
	client := identityOf(c)
	if !a.Guard.IsOpen() && !client.Trusted {
		return wire.Errorf(wire.CodeForbidden, "a batch needs the API key: it acts for many players")
	}
	var body struct {
		Tickets []json.RawMessage `json:"tickets"`
	}
	if err := readBody(c, maxBatchBody, &body); err != nil {
		return err
	}
	if len(body.Tickets) == 0 || len(body.Tickets) > maxBatch {
		return wire.Errorf(wire.CodeInvalid, "tickets must be 1 to %d", maxBatch)
	}
	views := make([]batchResult, len(body.Tickets))
	var requests []intake.Request
	var at []int
	for i, data := range body.Tickets {
		r, err := a.batchRequest(c.Request().Context(), client, data)
		if err != nil {
			views[i] = viewResult(matchq.Result{Err: err})
			continue
		}
		requests, at = append(requests, r), append(at, i)
	}
	var results []matchq.Result
	err := a.Turns.Do(c.Request().Context(), func() (err error) {
		results, err = a.Intake.For(client).EnqueueAll(c.Request().Context(), requests, c.RealIP())
		return err
	})
	if err != nil {
		return err
	}
	for i, result := range results {
		views[at[i]] = viewResult(result)
	}
	return c.JSON(http.StatusOK, map[string]any{"results": views})
}

func (a *API) batchRequest(ctx context.Context, client identity.Identity, data json.RawMessage) (intake.Request, error) {
	var t batchTicket
	if err := wire.DecodeStrict(data, &t); err != nil {
		return intake.Request{}, wire.Errorf(wire.CodeInvalid, "%v", err)
	}
	longest, err := a.maxTTLFor(ctx, client, t.Queue.Name)
	if err != nil {
		return intake.Request{}, err
	}
	return (&ticketBody{t.Player, t.Rating, t.Attributes, t.TTLMs}).request(client, t.Queue, longest)
}

func viewResult(r matchq.Result) batchResult {
	if r.Err == nil {
		return batchResult{Ticket: viewTicket(&r.Ticket)}
	}
	p := problemOf(wire.ErrorOf(r.Err))
	return batchResult{Error: &p}
}
