package rulebook

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/rules"
)

// maxRounds is how often a call is repeated because the rules have changed, or a change because others changed them.
const maxRounds = 4

// Keeper holds the book of a process. It is safe for use by many goroutines.
type Keeper struct {
	in   *space.Space
	mine Settings

	book atomic.Pointer[Book]

	lane   chan struct{} // one reading at a time
	stored bool          // mine are in Redis, or an operator's rules stand in their place; for the one in the lane
}

// Settings are the rules that a process was started with, and those that it leaves to others.
type Settings struct {
	// Patch changes the rules under *, and says which fields it changes: empty for none.
	Patch  func(*rules.Rules)
	Fields string
	// Rules are whole rules by pattern.
	Rules map[string]rules.Rules
	// By says which process that is, for people.
	By string
}

// New makes a Keeper. It does not talk to Redis.
func New(in *space.Space, mine Settings) *Keeper {
	return &Keeper{in: in, mine: mine, lane: make(chan struct{}, 1)}
}

// Known is the book as this process last read it; nil before the first time.
func (k *Keeper) Known() *Book { return k.book.Load() }

// Book is the same; the first time it reads the rules. Errors: ErrUnavailable, ErrRefused, those of the Guard.
func (k *Keeper) Book(ctx context.Context) (*Book, error) {
	if book := k.book.Load(); book != nil {
		return book, nil
	}
	return k.Refresh(ctx, nil)
}

// Do makes a call that names the version of a book. It reads the rules again and repeats the call while others are in
// force.
func (k *Keeper) Do(ctx context.Context, call func(*Book) error) error {
	book, err := k.Book(ctx)
	for range maxRounds {
		if err != nil {
			return err
		}
		err = call(book)
		if _, stale := errors.AsType[*space.StaleError](err); !stale {
			return err
		}
		book, err = k.Refresh(ctx, book)
	}
	return errUnsteady
}

var errUnsteady = fmt.Errorf("%w: the rules change all the time", space.ErrUnavailable)

// Refresh reads the rules again, unless that has happened since seen was read. It ends with ctx or after Config.Timeout,
// whichever comes first, however many wait for it.
func (k *Keeper) Refresh(ctx context.Context, seen *Book) (*Book, error) {
	ctx, cancel := context.WithTimeout(ctx, k.in.Timeout())
	defer cancel()
	select {
	case k.lane <- struct{}{}:
		defer func() { <-k.lane }()
	case <-ctx.Done():
		return nil, space.Unavailable(ctx.Err())
	}
	for range maxRounds {
		known := k.book.Load()
		if known != seen {
			return known, nil
		}
		version, stored, err := read(ctx, k.in)
		if err != nil {
			return nil, err
		}
		edits, anew := k.due(version, stored)
		if len(edits) == 0 && version != "" {
			k.stored = true
			k.learn(newBook(version, stored))
			continue
		}
		// What this process adds is read again: the time is Redis's.
		if k.stored, err = k.write(ctx, version, stored, edits, anew); err != nil {
			return nil, err
		}
	}
	return nil, errUnsteady
}

// due are the changes that this process has to make: to store the rules that it was started with, once, and those that it
// knew, if Redis has lost them. anew says that nothing is in force.
func (k *Keeper) due(version string, stored map[string]Rule) (edits []edit, anew bool) {
	known := k.book.Load()
	if version == "" && known != nil {
		for pattern, rule := range known.Rules {
			if rule.Err == nil {
				stored[pattern] = Rule{}
				edits = append(edits, edit{pattern, rule.Source, rule.By, &rule.Rules})
			}
		}
		return edits, true
	}
	if k.stored {
		return nil, version == ""
	}
	if version == "" {
		clear(stored)
	}
	for pattern, mine := range k.wanted(stored) {
		edits = k.configure(edits, stored, pattern, &mine)
	}
	return edits, version == ""
}

// wanted are the rules that this process was started with, by pattern, beside those that are stored.
func (k *Keeper) wanted(stored map[string]Rule) map[string]rules.Rules {
	wanted := maps.Clone(k.mine.Rules)
	if k.mine.Fields == "" {
		return wanted
	}
	if wanted == nil {
		wanted = map[string]rules.Rules{}
	}
	all := stored["*"].Rules
	k.mine.Patch(&all)
	wanted["*"] = all
	return wanted
}

// Overruled are the patterns under which a book has other rules than this process was started with, sorted.
func (k *Keeper) Overruled(book *Book) []string {
	var patterns []string
	for pattern, mine := range k.wanted(book.Rules) {
		document, err := rules.Encode(mine)
		if err == nil && book.Rules[pattern].json != string(document) {
			patterns = append(patterns, pattern)
		}
	}
	slices.Sort(patterns)
	return patterns
}

// configure adds an edit by this process's configuration, unless it changes nothing or an operator's rules stand there.
func (k *Keeper) configure(edits []edit, stored map[string]Rule, pattern string, r *rules.Rules) []edit {
	e := edit{pattern, Configuration, k.mine.By, r}
	row, changed, err := e.row(stored)
	before := stored[pattern]
	switch {
	case err != nil || !changed || before.Err != nil:
		return edits
	case before.Source == Operator:
		if before.json != row.JSON {
			k.in.Log().Warn("matchq: an operator has set the rules: those of this process's configuration don't count; "+
				"delete the operator's rules to let them",
				"pattern", pattern, "operator", before.By, "configuration", k.mine.Fields)
		}
		return edits
	}
	return append(edits, e)
}

// learn takes a book into use, and logs the changes.
func (k *Keeper) learn(book *Book) {
	known := k.book.Swap(book)
	for pattern, rule := range book.Rules {
		if rule.Err != nil {
			k.in.Log().Error("matchq: rules_unknown: this version can't read the rules, and leaves these queues to others",
				"pattern", pattern, "error", rule.Err)
		}
	}
	if known == nil {
		return
	}
	for pattern, rule := range book.Rules {
		if before, found := known.Rules[pattern]; !found || before.json != rule.json {
			k.in.Log().Info("matchq: the rules changed", "pattern", pattern, "version", book.Version,
				"source", rule.Source, "by", rule.By)
		}
	}
	for pattern := range known.Rules {
		if _, found := book.Rules[pattern]; !found {
			k.in.Log().Info("matchq: the rules changed", "pattern", pattern, "version", book.Version, "deleted", true)
		}
	}
}

// write stores edits, and says whether it did: not if another version is in force by now.
func (k *Keeper) write(ctx context.Context, version string, stored map[string]Rule, edits []edit, anew bool) (done bool, err error) {
	after := maps.Clone(stored)
	args := setArgs{Expected: version, MaxChanges: MaxChanges, Anew: anew}
	for i := range edits {
		row, _, err := edits[i].row(stored)
		if err != nil {
			return false, err
		}
		args.Rows = append(args.Rows, row)
		after[row.Pattern] = Rule{Source: row.Source, json: row.JSON}
		if row.JSON == "" {
			delete(after, row.Pattern)
		}
	}
	count := countOf(version)
	if known := k.book.Load(); known != nil {
		count = max(count, countOf(known.Version))
	}
	args.NextVersion = versionOf(count+1, k.in.Fingerprint(), after)
	r, err := setScript.Call(ctx, k.in, args)
	if err != nil {
		return false, err
	}
	return r.Text() == args.NextVersion, r.Err
}
