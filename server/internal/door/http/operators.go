package httpdoor

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
)

func (a *API) adminRoutes(v1 *echo.Group) {
	v1.POST("/admin/session", a.openSession)
	v1.DELETE("/admin/session", a.closeSession)
	v1.POST("/admin/queues/:queue/pause", a.onQueue("pause", a.pause), a.operator)
	v1.POST("/admin/queues/:queue/resume", a.onQueue("resume", a.resume), a.operator)
	v1.POST("/admin/queues/:queue/drain", a.onQueue("drain", a.drain), a.operator)
	v1.GET("/admin/queues/:queue/tickets", a.getLine, a.operator)
	v1.GET("/admin/queues/:queue/history", a.getQueueHistory, a.operator)
	v1.GET("/admin/rules", a.allRules, a.operator)
	v1.GET("/admin/rules/:pattern", a.patternRules, a.operator)
	v1.PUT("/admin/rules/:pattern", a.setRules, a.operator)
	v1.DELETE("/admin/rules/:pattern", a.deleteRules, a.operator)
	v1.GET("/admin/webhooks", a.listWebhooks, a.operator)
	v1.POST("/admin/webhooks/:webhook/retry", a.settleDeadLetters(true), a.operator)
	v1.POST("/admin/webhooks/:webhook/remove", a.settleDeadLetters(false), a.operator)
	v1.GET("/admin/audit", a.getAudit, a.operator)
	v1.GET("/admin/nodes", a.getNodes, a.operator)
	v1.GET("/admin/tickets", a.findTicket, a.operator)
	v1.POST("/admin/tickets/:id/cancel", a.cancelTicket, a.operator)
	v1.GET("/admin/matches/:id", a.matchOfOperators, a.operator)
	v1.GET("/admin/log", a.getAdminLog, a.operator)
}

// onQueue applies an action to a queue and logs it. do returns the answer.
func (a *API) onQueue(action string, do func(ctx context.Context, queue string) (any, error)) echo.HandlerFunc {
	return func(c echo.Context) error {
		queue, err := param(c, "queue")
		if err != nil {
			return err
		}
		answer, err := do(c.Request().Context(), queue)
		drained, _ := answer.(drainView)
		a.logChange(c, action, queue, drained.Cancelled, err)
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, answer)
	}
}

func (a *API) pause(ctx context.Context, queue string) (any, error) {
	if err := a.Matcher.Pause(ctx, queue); err != nil {
		return nil, err
	}
	return a.queueNow(ctx, queue)
}

func (a *API) resume(ctx context.Context, queue string) (any, error) {
	if err := a.Matcher.Resume(ctx, queue); err != nil {
		return nil, err
	}
	return a.queueNow(ctx, queue)
}

func (a *API) queueNow(ctx context.Context, name string) (any, error) {
	queue, err := a.Matcher.Queue(ctx, name)
	return viewQueue(&queue), err
}

type drainView struct {
	Cancelled int `json:"cancelled"`
}

func (a *API) drain(ctx context.Context, queue string) (any, error) {
	n, err := a.Matcher.Drain(ctx, queue)
	return drainView{n}, err
}

type auditView struct {
	OK       bool     `json:"ok"`
	Problems []string `json:"problems"`
	statsView
}

func (a *API) getAudit(c echo.Context) error {
	report, err := a.Matcher.Audit(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, auditView{report.OK(), append([]string{}, report.Problems...), viewStats(&report.Stats)})
}

type nodeView struct {
	ID          string     `json:"id"`
	Version     string     `json:"version"`
	StartedAt   *time.Time `json:"started_at"`
	Connections int        `json:"connections"`
	LeaseEndsAt *time.Time `json:"lease_ends_at"`
	Self        bool       `json:"self"`              // the node that answers
	Warning     string     `json:"warning,omitempty"` // of its rules that don't count
}

func (a *API) getNodes(c echo.Context) error {
	nodes, err := a.Presence.Nodes(c.Request().Context())
	if err != nil {
		return err
	}
	views := make([]nodeView, len(nodes))
	for i, n := range nodes {
		views[i] = nodeView{n.ID, n.Version, viewTime(n.Started), n.Connections, viewTime(n.LeaseEnds), n.ID == a.NodeID, n.Note}
	}
	return c.JSON(http.StatusOK, map[string]any{"nodes": views})
}

type ticketOfView struct {
	Ticket   *ticketView    `json:"ticket"`
	Queue    queueView      `json:"queue"`
	Why      string         `json:"why,omitempty"`      // it is not matched yet
	WhyCode  string         `json:"why_code,omitempty"` // the same for programs
	Meets    *meetsView     `json:"meets,omitempty"`
	Timeline []timelineView `json:"timeline"`
}

type timelineView struct {
	At     *time.Time   `json:"at"`
	State  matchq.State `json:"state"`
	Reason string       `json:"reason,omitempty"`
}

// findTicket answers with a ticket, by id or the player's latest, its history, and the reason why it waits.
func (a *API) findTicket(c echo.Context) error {
	ctx := c.Request().Context()
	t, err := a.ticketBy(ctx, c.QueryParam("player"), c.QueryParam("id"))
	if err != nil {
		return err
	}
	queue, err := a.Matcher.Queue(ctx, t.Queue)
	if err != nil {
		return err
	}
	past, err := a.Matcher.TicketEvents(ctx, &t)
	if err != nil {
		return err
	}
	why, err := a.Matcher.Explain(ctx, t.ID)
	if err != nil {
		return err
	}
	w, err := a.waitOf(ctx, &why, &queue)
	if err != nil {
		return err
	}
	code, words := w.reason()
	return c.JSON(http.StatusOK, ticketOfView{viewTicket(&t), viewQueue(&queue), words, code, w.view(), timeline(&t, past)})
}

func (a *API) ticketBy(ctx context.Context, player, id string) (matchq.Ticket, error) {
	switch {
	case (player == "") == (id == ""):
		return matchq.Ticket{}, wire.Errorf(wire.CodeInvalid, "exactly one of player and id is needed")
	case id != "":
		return a.Matcher.Ticket(ctx, id)
	}
	if err := matchq.CheckName("player", player); err != nil {
		return matchq.Ticket{}, err
	}
	return a.Matcher.TicketOf(ctx, player)
}

// timeline returns a ticket's states from the first on. The end comes from the ticket if its event is no longer kept.
func timeline(t *matchq.Ticket, past []matchq.Event) []timelineView {
	steps := []timelineView{{At: viewTime(t.EnqueuedAt), State: matchq.Waiting}}
	for i := range past {
		steps = append(steps, timelineView{viewTime(past[i].At), past[i].Kind, past[i].Reason})
	}
	if last := steps[len(steps)-1].State; t.State.Ended() && last != t.State {
		steps = append(steps, timelineView{viewTime(t.EndedAt), t.State, t.Reason})
	}
	return steps
}
