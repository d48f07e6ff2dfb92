package httpdoor

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/etags"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// conditions are those of a request about rules. The entity tag of all rules, and of those of each pattern, is the version:
// an operator who has seen another one has not seen how patterns work together now.
type conditions struct{ match, noneMatch *etags.Condition }

func conditionsOf(r *http.Request) (on conditions, err error) {
	for _, header := range []struct {
		name string
		to   **etags.Condition
	}{{"If-Match", &on.match}, {"If-None-Match", &on.noneMatch}} {
		if *header.to, err = etags.Parse(r.Header.Values(header.name)); err != nil {
			return on, wire.Errorf(wire.CodeInvalid, "%s %v", header.name, err)
		}
	}
	return on, nil
}

// expected is the one version that the rules must have, if that is all the conditions say; "" if they say nothing.
func (on *conditions) expected() (version string, simple bool) {
	if on.noneMatch != nil {
		return "", false
	}
	if on.match == nil {
		return "", true
	}
	return on.match.Single()
}

// unmet says which condition of a change does not hold, as an error; nil if all hold. what exists or not is what * asks for.
func (on *conditions) unmet(what, version string, exists bool) error {
	switch {
	case on.match.IsAny() && !exists:
		return wire.Errorf(wire.CodeRulesChanged, "there are no rules for %s, and If-Match: * asks for some: leave it out to make new ones", what)
	case on.match != nil && !on.match.IsAny() && on.match.OnlyWeak():
		return wire.Errorf(wire.CodeRulesChanged, "If-Match compares no weak tag (W/): send the version that you have read as %q", `"`+version+`"`)
	case on.match != nil && !on.match.IsAny() && !on.match.HasStrong(version):
		return &matchq.RulesConflictError{InForce: version}
	case on.noneMatch.IsAny() && exists:
		return wire.Errorf(wire.CodeRulesChanged, "there are rules for %s already, and If-None-Match: * asks for none: look at them", what)
	case on.noneMatch.HasWeak(version):
		return wire.Errorf(wire.CodeRulesChanged, "version %s is in force, and If-None-Match excludes it", version)
	}
	return nil
}

// maxConditionRounds is how often a change is tried while others change the rules between its check and its write.
const maxConditionRounds = 5

// underConditions makes a change of a pattern's rules if the conditions of its request hold in that very moment.
func (a *API) underConditions(c echo.Context, pattern string, edit matchq.Edit, change func(matchq.Edit) (string, error)) (version string, err error) {
	on, err := conditionsOf(c.Request())
	if err != nil {
		return "", err
	}
	var simple bool
	if edit.Version, simple = on.expected(); simple {
		return change(edit)
	}
	for range maxConditionRounds {
		var stored []matchq.StoredRules
		if edit.Version, stored, err = a.Matcher.AllRules(c.Request().Context()); err != nil {
			return "", err
		}
		if err = on.unmet(fmt.Sprintf("the pattern %q", pattern), edit.Version, hasPattern(stored, pattern)); err != nil {
			return "", err
		}
		version, err = change(edit)
		if _, changed := errors.AsType[*matchq.RulesConflictError](err); !changed {
			return version, err
		}
	}
	return "", err
}

func hasPattern(stored []matchq.StoredRules, pattern string) bool {
	for i := range stored {
		if stored[i].Pattern == pattern {
			return true
		}
	}
	return false
}

// answerRead answers a read of rules with JSON, or with 304 if the client has that version already.
func answerRead(c echo.Context, version string, body any) error {
	on, err := conditionsOf(c.Request())
	if err != nil {
		return err
	}
	without := conditions{match: on.match}
	if err := without.unmet("it", version, true); err != nil {
		return err
	}
	if on.noneMatch.IsAny() || on.noneMatch.HasWeak(version) {
		c.Response().Header().Set("ETag", `"`+version+`"`)
		return c.NoContent(http.StatusNotModified)
	}
	return answerRules(c, version, body)
}
