package rulebook

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/rules"
)

var (
	rulesScript   = space.Bind[struct{}]("match/rules")
	setScript     = space.Bind[setArgs]("match/set_rules")
	changesScript = space.Bind[struct{}]("match/changes")
)

type setArgs struct {
	Expected    string   `lua:"expected"`
	NextVersion string   `lua:"next_version"`
	MaxChanges  int      `lua:"max_changes"`
	Anew        bool     `lua:"anew"`
	Rows        []setRow `lua:"row"`
}

type setRow struct {
	Pattern string `lua:"pattern"`
	Source  string `lua:"source"`
	By      string `lua:"by"`
	JSON    string `lua:"json"` // "" to delete
}

// Change is a change of the rules under a pattern.
type Change struct {
	Pattern string
	Version string // since then
	Rule           // Rules is empty if it was deleted
	Deleted bool
}

// read reads the rules in force.
func read(ctx context.Context, in *space.Space) (version string, stored map[string]Rule, err error) {
	r, err := rulesScript.Call(ctx, in, struct{}{})
	if err != nil {
		return "", nil, err
	}
	version, stored = r.Text(), map[string]Rule{}
	for r.More() {
		pattern, text := r.Text(), r.Text()
		stored[pattern] = parseRule(pattern, text)
	}
	return version, stored, r.Err
}

// Changes are the newest changes, the last one first.
func Changes(ctx context.Context, in *space.Space) ([]Change, error) {
	r, err := changesScript.Call(ctx, in, struct{}{})
	if err != nil {
		return nil, err
	}
	var all []Change
	for r.More() {
		pattern, rest, _ := strings.Cut(r.Text(), "\t")
		version, text, _ := strings.Cut(rest, "\t")
		rule := parseRule(pattern, text)
		change := Change{Pattern: pattern, Version: version, Rule: rule, Deleted: rule.json == ""}
		if change.Deleted {
			change.Err = nil
		}
		all = append(all, change)
	}
	return all, r.Err
}

// parseRule reads a rule as match/set_rules.lua writes it.
func parseRule(pattern, text string) Rule {
	at, rest, _ := strings.Cut(text, "\t")
	source, rest, _ := strings.Cut(rest, "\t")
	by, document, _ := strings.Cut(rest, "\t")
	rule := Rule{Source: source, By: by, json: document}
	ms, err := strconv.ParseInt(at, 10, 64)
	if rule.At = time.UnixMilli(ms); err == nil {
		rule.Rules, err = rules.Decode([]byte(document))
	}
	if err != nil {
		rule.Err = &UnreadableError{Pattern: pattern, Cause: err}
	}
	return rule
}

// edit is rules to be stored under a pattern, or deleted there.
type edit struct {
	pattern, source, by string
	rules               *rules.Rules // nil to delete
}

// row is the edit as the script takes it. changed is false if it would change nothing.
func (e *edit) row(stored map[string]Rule) (row setRow, changed bool, err error) {
	row = setRow{Pattern: e.pattern, Source: e.source, By: e.by}
	before, found := stored[e.pattern]
	if e.rules == nil {
		return row, found, nil
	}
	document, err := rules.Encode(*e.rules)
	row.JSON = string(document)
	return row, !found || before.json != row.JSON || before.Source != e.source, err
}
