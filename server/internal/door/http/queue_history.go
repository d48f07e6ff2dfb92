package httpdoor

import (
	"cmp"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/server/internal/base/wire"
)

const (
	minutesShown    = 60      // in an answer, unless the request says how many
	maxMinutesShown = 24 * 60 // a day
)

type queueMinuteView struct {
	At       time.Time `json:"at"`
	Waiting  int       `json:"waiting"`
	OldestMs int64     `json:"oldest_ms"`
	Matches  int64     `json:"matches"`
}

// getQueueHistory answers with the last minutes of a queue.
func (a *API) getQueueHistory(c echo.Context) error {
	name, err := param(c, "queue")
	if err != nil {
		return err
	}
	count, err := strconv.Atoi(cmp.Or(c.QueryParam("minutes"), strconv.Itoa(minutesShown)))
	if err != nil || count < 1 || count > maxMinutesShown {
		return wire.Errorf(wire.CodeInvalid, "minutes must be an integer from 1 to %d, not %q", maxMinutesShown, c.QueryParam("minutes"))
	}
	stats, err := a.Matcher.Stats(c.Request().Context()) // for Redis's time
	if err != nil {
		return err
	}
	minutes, err := a.History.QueueMinutes(c.Request().Context(), name, stats.At.Add(-time.Duration(count-1)*time.Minute), stats.At)
	if err != nil {
		return err
	}
	views := make([]queueMinuteView, len(minutes))
	for i, m := range minutes {
		views[i] = queueMinuteView{m.Start.UTC(), m.MostWaiting, m.LongestWait.Milliseconds(), m.Matches}
	}
	return c.JSON(http.StatusOK, map[string]any{"minutes": views})
}
