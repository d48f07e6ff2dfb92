package httpdoor

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/ops/webhooks"
)

// maxShownLetters is how many dead letters of a webhook an answer has.
const maxShownLetters = 20

// webhookView is the state of a webhook.
type webhookView struct {
	ID          string           `json:"id"`
	URL         string           `json:"url"` // without user, password and query; "" if the node that answers has none of that id
	Nodes       int              `json:"nodes"`
	Waiting     int              `json:"waiting"`
	Delivered   int              `json:"delivered"`
	Done        int64            `json:"done"`
	Dropped     int64            `json:"dropped"`
	Unreadable  int64            `json:"unreadable"` // entries of the event stream that were skipped
	Dead        int              `json:"dead"`
	DeadLetters []deadLetterView `json:"dead_letters"` // the newest ones
}

type deadLetterView struct {
	ID         string       `json:"id"`
	Event      matchq.State `json:"event"`
	MatchID    string       `json:"match_id,omitempty"`
	Since      *time.Time   `json:"since"`
	Deliveries int          `json:"deliveries"`
	Problem    string       `json:"problem"`
}

// MatchView is what clients see of a match.
func MatchView(m *matchq.Match) any { return viewMatch(m) }

// TicketView is what clients see of a ticket.
func TicketView(t *matchq.Ticket) any { return viewTicket(t) }

// listWebhooks answers with all webhooks and their newest dead letters.
func (a *API) listWebhooks(c echo.Context) error {
	ctx := c.Request().Context()
	groups, err := a.Matcher.Groups(ctx)
	if err != nil {
		return err
	}
	views := []webhookView{}
	for _, g := range groups {
		id, ok := webhooks.IDOfGroup(g.Name)
		if !ok {
			continue
		}
		view := webhookView{
			ID: id, URL: a.Webhooks.URLOf(id), Nodes: g.Workers, Waiting: g.Waiting, Delivered: g.Delivered, Done: g.Done,
			Dropped: g.Dropped, Unreadable: g.Unreadable, Dead: g.DeadLetters, DeadLetters: []deadLetterView{},
		}
		letters, _, err := a.Matcher.DeadLetters(ctx, g.Name, 0, maxShownLetters)
		if err != nil && !errors.Is(err, matchq.ErrNotFound) {
			return err
		}
		for _, l := range letters {
			view.DeadLetters = append(view.DeadLetters, deadLetterView{
				l.Event.ID, l.Event.Kind, l.Event.MatchID, viewTime(l.Since), l.Event.Delivery, l.Reason,
			})
		}
		views = append(views, view)
	}
	return c.JSON(http.StatusOK, map[string]any{"webhooks": views})
}

// settleDeadLetters delivers dead letters of a webhook again, or removes them, and answers with those that it found.
func (a *API) settleDeadLetters(again bool) echo.HandlerFunc {
	settle, action := a.Matcher.RemoveDeadLetters, "remove_dead_letters"
	if again {
		settle, action = a.Matcher.RetryDeadLetters, "retry_dead_letters"
	}
	return func(c echo.Context) error {
		id, err := param(c, "webhook")
		if err != nil {
			return err
		}
		var body struct {
			IDs []string `json:"ids"`
		}
		if err := readBody(c, maxBody, &body); err != nil {
			return err
		}
		if len(body.IDs) == 0 || len(body.IDs) > 100 {
			return wire.Errorf(wire.CodeInvalid, "ids must be 1 to 100 ids of dead letters")
		}
		settled, err := settle(c.Request().Context(), webhooks.Group(id), body.IDs...)
		a.logChange(c, action, id, len(settled), err)
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, map[string]any{"ids": append([]string{}, settled...)})
	}
}
