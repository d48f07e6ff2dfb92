package httpdoor

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/ops/adminlog"
)

const (
	maxShownLine    = 100 // places of a line that an answer looks at
	maxShownActions = 100 // of the log in an answer
	maxLookedAt     = 50  // matches of all queues, among which those of one are found

	// reasonOperator is the reason of a ticket that an operator cancelled.
	reasonOperator = "operator"
)

// logChange logs an operator's action, also in Redis, where all operators see it. count is how many tickets or dead letters it
// ended. A Redis that is away keeps nothing.
func (a *API) logChange(c echo.Context, action, target string, count int, err error) {
	a.logAction(c, action, target, err)
	done := &adminlog.Action{Action: action, Target: target, Count: count}
	done.By, _ = c.Get(actorKey).(string)
	done.Proof, _ = c.Get(operatorKey).(string)
	if err != nil {
		done.Result = string(wire.ErrorOf(err).Code)
	}
	if done.Result == string(wire.CodeRedisUnavailable) {
		return
	}
	if err := a.AdminLog.Add(context.WithoutCancel(c.Request().Context()), done); err != nil {
		a.Log.Error("an operator's action is not in the log of operators", "action", action, "target", target, "error", err)
	}
}

type actionView struct {
	At *time.Time `json:"at"`
	adminlog.Action
}

// getAdminLog answers with the newest actions of operators.
func (a *API) getAdminLog(c echo.Context) error {
	actions, err := a.AdminLog.Newest(c.Request().Context(), maxShownActions)
	if err != nil {
		return err
	}
	views := make([]actionView, len(actions))
	for i := range actions {
		views[i] = actionView{viewTime(actions[i].At), actions[i]}
	}
	return c.JSON(http.StatusOK, map[string]any{"actions": views})
}

// getLine answers with a queue, the tickets at the head of its line, and its last matches.
func (a *API) getLine(c echo.Context) error {
	name, err := param(c, "queue")
	if err != nil {
		return err
	}
	queue, err := a.Matcher.Queue(c.Request().Context(), name)
	if err != nil {
		return err
	}
	line, err := a.Matcher.Line(c.Request().Context(), name, maxShownLine)
	if err != nil {
		return err
	}
	recent, err := a.Matcher.RecentMatches(c.Request().Context(), maxLookedAt)
	if err != nil {
		return err
	}
	matches := []*matchView{}
	for i := range recent {
		if recent[i].Queue == name {
			matches = append(matches, viewMatch(&recent[i]))
		}
	}
	tickets := make([]*ticketView, len(line))
	for i := range line {
		tickets[i] = viewTicket(&line[i])
	}
	return c.JSON(http.StatusOK, map[string]any{"queue": viewQueue(&queue), "tickets": tickets, "matches": matches})
}

// matchOfOperators answers with any match, with all its players.
func (a *API) matchOfOperators(c echo.Context) error {
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

// cancelTicket cancels a ticket for its player, and answers with it.
func (a *API) cancelTicket(c echo.Context) error {
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	err = a.Matcher.Cancel(c.Request().Context(), id, reasonOperator)
	ended := 1
	if err != nil {
		ended = 0
	}
	a.logChange(c, "cancel_ticket", id, ended, err)
	if err != nil {
		return err
	}
	t, err := a.Matcher.Ticket(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, viewTicket(&t))
}
