package httpdoor

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/rules"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// rulesView is the rules of a pattern.
type rulesView struct {
	Pattern string          `json:"pattern"`
	Rules   json.RawMessage `json:"rules,omitempty"` // complete; none if this server can't read them
	Source  string          `json:"source"`
	By      string          `json:"by"`
	At      *time.Time      `json:"at"`
	Problem string          `json:"problem,omitempty"` // why this server can't read them
}

// checkedView is rules that could be set.
type checkedView struct {
	Pattern string          `json:"pattern"`
	Rules   json.RawMessage `json:"rules"` // complete
	Queues  patternQueues   `json:"queues"`
}

// patternQueues are the live queues that a pattern would hold for.
type patternQueues struct {
	Count int      `json:"count"`
	Names []string `json:"names"` // the first ones
}

const maxPatternQueues = 20 // names in an answer

// changeView is a change of rules.
type changeView struct {
	rulesView

	Version string `json:"version"`
	Deleted bool   `json:"deleted"`
}

func viewRules(r *matchq.StoredRules) (v rulesView, err error) {
	v = rulesView{Pattern: r.Pattern, Source: string(r.Source), By: r.By, At: viewTime(r.At)}
	if problem := r.Err; problem != nil {
		v.Problem = problem.Error()
	} else {
		v.Rules, err = rules.Encode(r.Rules)
	}
	return v, err
}

// allRules answers with the rules of all patterns and the newest changes.
func (a *API) allRules(c echo.Context) error {
	version, stored, err := a.Matcher.AllRules(c.Request().Context())
	if err != nil {
		return err
	}
	changes, err := a.Matcher.RulesChanges(c.Request().Context())
	if err != nil {
		return err
	}
	views, changed := make([]rulesView, len(stored)), make([]changeView, len(changes))
	for i := range stored {
		if views[i], err = viewRules(&stored[i]); err != nil {
			return err
		}
	}
	for i := range changes {
		change := &changes[i]
		changed[i] = changeView{Version: change.Version, Deleted: change.Deleted}
		if changed[i].rulesView, err = viewRules(&change.StoredRules); err != nil {
			return err
		}
		if change.Deleted {
			changed[i].Rules = nil
		}
	}
	return answerRead(c, version, map[string]any{"version": version, "rules": views, "changes": changed})
}

// answerRules answers with JSON whose entity tag is the version of the rules.
func answerRules(c echo.Context, version string, body any) error {
	c.Response().Header().Set("ETag", `"`+version+`"`)
	return c.JSON(http.StatusOK, body)
}

// patternRules answers with the rules of a pattern.
func (a *API) patternRules(c echo.Context) error {
	pattern, err := param(c, "pattern")
	if err != nil {
		return err
	}
	return a.answerPattern(c, pattern, answerRead)
}

func (a *API) answerPattern(c echo.Context, pattern string, answer func(c echo.Context, version string, body any) error) error {
	version, stored, err := a.Matcher.AllRules(c.Request().Context())
	if err != nil {
		return err
	}
	for i := range stored {
		if stored[i].Pattern != pattern {
			continue
		}
		view, err := viewRules(&stored[i])
		if err != nil {
			return err
		}
		return answer(c, version, view)
	}
	return wire.Errorf(wire.CodeNotFound, "there are no rules for the pattern %q", pattern)
}

// setRules stores the rules of a pattern, which are the body.
func (a *API) setRules(c echo.Context) error {
	pattern, edit, err := editOf(c)
	if err != nil {
		return err
	}
	if err := wantJSON(c); err != nil {
		return err
	}
	data, err := receive(c, maxBody)
	if err != nil {
		return err
	}
	r, err := rules.Decode(data)
	if wrong, ok := errors.AsType[*rules.Error](err); ok {
		return wire.Errorf(wire.CodeInvalid, "%v", wrong)
	}
	version, err := a.underConditions(c, pattern, edit, func(edit matchq.Edit) (string, error) {
		return a.Matcher.SetRules(c.Request().Context(), pattern, r, edit)
	})
	if edit.DryRun && err == nil {
		return a.answerChecked(c, version, pattern, &r)
	}
	if !edit.DryRun {
		a.logChange(c, "set_rules", pattern, 0, err)
	}
	if err != nil {
		return err
	}
	return a.answerPattern(c, pattern, answerRules)
}

// answerChecked answers a dry run.
func (a *API) answerChecked(c echo.Context, version, pattern string, r *matchq.Rules) error {
	document, err := rules.Encode(*r)
	if err != nil {
		return err
	}
	queues, err := a.queuesUnder(c.Request().Context(), pattern)
	if err != nil {
		return err
	}
	return answerRules(c, version, checkedView{pattern, document, queues})
}

// queuesUnder finds the live queues that a pattern holds for, or would if it had rules.
func (a *API) queuesUnder(ctx context.Context, pattern string) (found patternQueues, err error) {
	found.Names = []string{}
	live, err := a.Queues.Now(ctx)
	if err != nil {
		return found, err
	}
	for i := range live.Queues {
		name := live.Queues[i].Name
		now, err := a.Matcher.Rules(ctx, name)
		if err != nil {
			return found, err
		}
		if matchq.PatternOf(name, now.Pattern, pattern) != pattern {
			continue
		}
		if found.Count++; found.Count <= maxPatternQueues {
			found.Names = append(found.Names, name)
		}
	}
	return found, nil
}

// deleteRules deletes the rules of a pattern.
func (a *API) deleteRules(c echo.Context) error {
	pattern, edit, err := editOf(c)
	if err != nil {
		return err
	}
	version, err := a.underConditions(c, pattern, edit, func(edit matchq.Edit) (string, error) {
		return a.Matcher.DeleteRules(c.Request().Context(), pattern, edit)
	})
	if !edit.DryRun {
		a.logChange(c, "delete_rules", pattern, 0, err)
	}
	if err != nil {
		return err
	}
	c.Response().Header().Set("ETag", `"`+version+`"`)
	return c.NoContent(http.StatusNoContent)
}

// editOf says which pattern an operator changes, in whose name (?by=), and whether they only try it (?dry_run=true).
func editOf(c echo.Context) (pattern string, edit matchq.Edit, err error) {
	if pattern, err = param(c, "pattern"); err != nil {
		return "", edit, err
	}
	edit.By, _ = c.Get(actorKey).(string)
	if edit.DryRun, err = strconv.ParseBool(cmp.Or(c.QueryParam("dry_run"), "false")); err != nil {
		return "", edit, wire.Errorf(wire.CodeInvalid, "dry_run must be true or false")
	}
	return pattern, edit, nil
}
