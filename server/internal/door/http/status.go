package httpdoor

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/notify"
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
	if !a.Guard.MayRead(identityOf(c), match.Players()...) {
		return matchq.ErrNotFound
	}
	return c.JSON(http.StatusOK, viewMatch(&match))
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
		NextTickMs: notify.NextTickMs(q), MatchedTotal: q.Matches, Paused: q.Paused,
		PolicyFailed: !q.FallbackUntil.IsZero(),
	}
}

func (a *API) getStats(c echo.Context) error {
	stats, err := a.Matcher.Stats(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, viewStats(&stats))
}

// live reports that the process works. It asks no dependency.
func (a *API) live(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "alive"})
}

// ready reports whether this server can take players, and explains why not. While Redis is full the server goes on with
// all that frees memory: another server would do no better.
func (a *API) ready(c echo.Context) error {
	if a.draining.Load() {
		return wire.StoppingError()
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), time.Second)
	defer cancel()
	err := a.Matcher.Check(ctx)
	if mismatch, ok := errors.AsType[*matchq.ConfigError](err); ok {
		return wire.Errorf(wire.CodeConfigMismatch, "%v", mismatch)
	}
	refused := a.Refusal()
	if err != nil {
		refused = wire.ErrorOf(err)
	}
	answer := map[string]string{"status": "ready"}
	switch {
	case refused == nil:
	case refused.Refusal == wire.Full:
		answer["status"], answer["detail"] = "degraded", refused.Message
	default:
		return refused
	}
	if a.Guard.IsOpen() {
		answer["identity"] = "none: every client can act for any player; --jwt-secret ends that"
	}
	return c.JSON(http.StatusOK, answer)
}
