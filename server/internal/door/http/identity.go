package httpdoor

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/wire"
)

const identityKey = "who"

// authenticate verifies the client's identity with read.
func (a *API) authenticate(read func(*http.Request) (identity.Identity, error)) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			client, err := read(c.Request())
			if err != nil {
				return err
			}
			c.Set(identityKey, client)
			return next(c)
		}
	}
}

// identityOf returns the client's identity on routes with authenticate.
func identityOf(c echo.Context) identity.Identity {
	client, _ := c.Get(identityKey).(identity.Identity)
	return client
}

// playerOf returns the player that a request acts for. named is nil if the request names none.
func playerOf(client identity.Identity, named *wire.ID) (wire.ID, error) {
	if named == nil {
		return wire.ID{Name: client.Player}, nil // the library refuses an empty one
	}
	if err := named.Check("player"); err != nil {
		return wire.ID{}, err
	}
	_, err := client.ActAs(named.Name)
	return *named, err
}

// ticketFor returns a ticket that the client may read. Other tickets look unknown.
func (a *API) ticketFor(ctx context.Context, client identity.Identity, id string) (matchq.Ticket, error) {
	t, err := a.Matcher.Ticket(ctx, id)
	if err == nil && !a.Guard.MayRead(client, t.Player) {
		return matchq.Ticket{}, matchq.ErrNotFound
	}
	return t, err
}
