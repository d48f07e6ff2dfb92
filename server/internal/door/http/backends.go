package httpdoor

import (
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// forBackends lets only the API key in, if there are secrets.
func (a *API) forBackends(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !a.Guard.IsOpen() && !identityOf(c).Trusted {
			return wire.Errorf(wire.CodeForbidden, "this call is for backends: it needs the API key")
		}
		return next(c)
	}
}

// assignMatch says where a match is played.
func (a *API) assignMatch(c echo.Context) error {
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	var body struct {
		Connection string          `json:"connection"`
		Data       json.RawMessage `json:"data"`
	}
	if err := readBody(c, maxBody, &body); err != nil {
		return err
	}
	match, err := a.Matcher.Assign(c.Request().Context(), id, matchq.Assignment{Connection: body.Connection, Data: body.Data})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, viewMatch(&match))
}

// releaseMatch has the players of a match wait again.
func (a *API) releaseMatch(c echo.Context) error {
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	var body struct {
		Reason string `json:"reason"`
	}
	if err := readBody(c, maxBody, &body); err != nil {
		return err
	}
	match, results, err := a.Matcher.Release(c.Request().Context(), id, body.Reason)
	if err != nil {
		return err
	}
	views := make([]batchResult, len(results))
	for i, result := range results {
		if result.Err == nil && result.Ticket.State.Ended() { // by a release before this one
			result.Ticket, result.Err = a.Matcher.Ticket(c.Request().Context(), result.Ticket.ID)
		}
		views[i] = viewResult(result)
	}
	return c.JSON(http.StatusOK, map[string]any{"match": viewMatch(&match), "results": views})
}
