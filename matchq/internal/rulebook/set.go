package rulebook

import (
	"context"
	"fmt"

	"github.com/matchq/matchq/matchq/rules"
)

// ConflictError says that others have changed the rules since the caller saw them.
type ConflictError struct{ Expected, InForce string }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("matchq: the rules have changed since version %s: version %s is in force; look at them again", e.Expected, e.InForce)
}

// FullError says that there are as many patterns as there may be.
type FullError struct{}

func (e *FullError) Error() string { return "matchq: pattern " + e.Problem() }

// Problem describes the fault of the pattern.
func (e *FullError) Problem() string {
	return fmt.Sprintf("must be one of the %d that have rules, or delete some of those first", MaxPatterns)
}

// Set stores rules under a pattern, or deletes those there if r is nil, in the name of an operator. expected is the
// version that the caller saw, "" for any. It returns the book then in force; with dry, that before the change, which is
// not made. Errors: *ConflictError, *FullError, those of Book.
func (k *Keeper) Set(ctx context.Context, pattern string, r *rules.Rules, by, expected string, dry bool) (*Book, error) {
	book, err := k.Book(ctx)
	if err != nil {
		return nil, err
	}
	e := edit{pattern, Operator, by, r}
	for range maxRounds {
		if book, err = k.Refresh(ctx, book); err != nil {
			return nil, err
		}
		if expected != "" && expected != book.Version {
			return nil, &ConflictError{Expected: expected, InForce: book.Version}
		}
		_, found := book.Rules[pattern]
		if !found && r != nil && len(book.Rules) >= MaxPatterns {
			return nil, &FullError{}
		}
		if _, changed, err := e.row(book.Rules); err != nil || !changed || dry {
			return book, err
		}
		done, err := k.write(ctx, book.Version, book.Rules, []edit{e}, false)
		if err != nil {
			return nil, err
		}
		if done {
			return k.Refresh(ctx, book)
		}
	}
	return nil, errUnsteady
}
