package httpapi

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/identity"
	"github.com/matchq/matchq/server/internal/ids"
)

const whoKey = "who"

// by lets those in who prove who they are, as read says.
func (a *API) by(read func(*http.Request) (identity.Identity, error)) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			who, err := read(c.Request())
			if err != nil {
				return err
			}
			c.Set(whoKey, who)
			return next(c)
		}
	}
}

// whoOf is who makes a request of a route that has by; nobody on others.
func whoOf(c echo.Context) identity.Identity {
	who, _ := c.Get(whoKey).(identity.Identity)
	return who
}

// playerOf is the player that a request acts for. named is nil if it names none.
func playerOf(who identity.Identity, named *ids.ID) (ids.ID, error) {
	if named == nil {
		return ids.ID{Name: who.Player}, nil // the library refuses one that is empty
	}
	if err := named.Check("player"); err != nil {
		return ids.ID{}, err
	}
	_, err := who.As(named.Name)
	return *named, err
}

// ticketFor is a ticket that an identity may read. Those of others do not exist for it.
func (a *API) ticketFor(ctx context.Context, who identity.Identity, id string) (matchq.Ticket, error) {
	t, err := a.Matcher.Ticket(ctx, id)
	if err == nil && !a.Guard.MayRead(who, t.Player) {
		return matchq.Ticket{}, matchq.ErrNotFound
	}
	return t, err
}
