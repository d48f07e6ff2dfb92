package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/fault"
	"github.com/matchq/matchq/server/internal/status"
)

func (a *API) getMatch(c echo.Context) error {
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	match, err := a.Matcher.Match(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, viewMatch(&match))
}

func (a *API) getQueues(c echo.Context) error {
	queues, err := a.Matcher.Queues(c.Request().Context())
	if err != nil {
		return err
	}
	views := make([]queueView, len(queues))
	for i := range queues {
		views[i] = viewQueue(&queues[i])
	}
	return c.JSON(http.StatusOK, map[string]any{"queues": views})
}

func (a *API) getQueue(c echo.Context) error {
	name, err := param(c, "queue")
	if err != nil {
		return err
	}
	queue, err := a.Matcher.Queue(c.Request().Context(), name)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, viewQueue(&queue))
}

func viewQueue(q *matchq.Queue) queueView {
	return queueView{
		Name: q.Name, Waiting: q.Waiting, Proposed: q.Proposed, OldestWaitMs: q.OldestWait.Milliseconds(),
		NextTickMs: status.NextTickMs(q), MatchedTotal: q.Matches, Paused: q.Paused,
	}
}

func (a *API) getStats(c echo.Context) error {
	stats, err := a.Matcher.Stats(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, statsView(stats))
}

// live says that the process works, whatever it depends on.
func (a *API) live(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "alive"})
}

// ready says whether it makes sense to send players here.
func (a *API) ready(c echo.Context) error {
	if a.draining.Load() {
		return fault.Stopping()
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), time.Second)
	defer cancel()
	if _, err := a.Matcher.Stats(ctx); err != nil { // a script, so that Redis is known to run them
		return err
	}
	return c.JSON(http.StatusOK, map[string]string{"status": "ready"})
}
