package httpdoor

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/server/internal/base/blob"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// demoRoutes serves the demo and the calls that it uses.
func (a *API) demoRoutes(v1 *echo.Group) {
	v1.GET("/questionnaires", a.getQuestionnaires)
	v1.POST("/demo/guest", a.createGuest, a.inDemo)
	a.root.GET("/demo", func(c echo.Context) error { return a.Pages.Serve(c.Response(), c.Request(), "demo.html") }, a.inDemo)
}

// inDemo answers 404 where the demo is off.
func (a *API) inDemo(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !a.Demo {
			return wire.Errorf(wire.CodeNotFound, "the demo is off: --demo turns it on")
		}
		return next(c)
	}
}

// encodeQuestionnaires encodes the known questionnaires, which do not change.
func (a *API) encodeQuestionnaires() *blob.Blob {
	return blob.New(echo.MIMEApplicationJSON, wire.Encode(map[string]any{"questionnaires": a.Questions.List()}))
}

// getQuestionnaires lists the known questionnaires.
func (a *API) getQuestionnaires(c echo.Context) error {
	a.questionnaires().Serve(c.Response(), c.Request())
	return nil
}

type guestView struct {
	Player    string     `json:"player"`
	Token     string     `json:"token,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}

// createGuest makes a guest. It counts as a ticket for the rate limit of addresses.
func (a *API) createGuest(c echo.Context) error {
	if err := a.Intake.Charge(c.Request().Context(), c.RealIP(), 1); err != nil {
		return err
	}
	guest, err := a.Guard.NewGuest(time.Now())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, guestView{guest.Player, guest.Token, viewTime(guest.Expires)})
}
