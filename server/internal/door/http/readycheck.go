package httpdoor

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// acceptMatch accepts a proposed match for a player.
func (a *API) acceptMatch(c echo.Context) error {
	return a.answer(c, a.Matcher.Accept)
}

// declineMatch declines it; the other players wait again.
func (a *API) declineMatch(c echo.Context) error {
	return a.answer(c, func(ctx context.Context, matchID, player string) (matchq.Match, error) {
		if err := a.Matcher.Decline(ctx, matchID, player); err != nil {
			return matchq.Match{}, err
		}
		return a.Matcher.Match(ctx, matchID)
	})
}

func (a *API) answer(c echo.Context, answer func(ctx context.Context, matchID, player string) (matchq.Match, error)) error {
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	var body struct {
		Player *wire.ID `json:"player"`
	}
	if err := readBody(c, maxBody, &body); err != nil {
		return err
	}
	player, err := playerOf(identityOf(c), body.Player)
	if err == nil {
		err = player.Check("player")
	}
	if err != nil {
		return err
	}
	match, err := answer(c.Request().Context(), id, player.Name)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, viewMatch(&match))
}
