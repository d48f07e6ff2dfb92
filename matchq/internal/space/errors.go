package space

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// ErrUnavailable says that Redis gave no answer, or none that settles the call.
var ErrUnavailable = errors.New("matchq: redis is unavailable")

// ErrRefused says that Redis answers, and refuses the call in the state it is in.
var ErrRefused = errors.New("matchq: redis refuses the call")

// ErrNotSent says, beside ErrUnavailable, that the driver found no connection, so that the script never left.
var ErrNotSent = errors.New("nothing was sent")

// Unavailable is an ErrUnavailable with its cause. A caller that cancels its context has no outage: the cause is all.
func Unavailable(cause error) error {
	if errors.Is(cause, context.Canceled) {
		return fmt.Errorf("matchq: the call was given up: %w", cause)
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, cause)
}

// givenUp is the error of a call whose caller has cancelled its context. What Redis has answered stays.
func givenUp(err error) error {
	var answer redis.Error
	if !errors.Is(err, ErrUnavailable) || errors.As(err, &answer) {
		return err
	}
	return Unavailable(context.Canceled)
}

// Refusal is an answer of Redis that comes with the state it is in, or with the rights of its user.
type Refusal struct {
	Call, Code, Answer string

	// Unknown: something may have been changed. Rights were missing in the middle of a script, or an earlier attempt at the
	// call had no answer.
	Unknown bool
}

// refusedError is the ErrRefused of a Refusal. As finds Config.Refused's error in it.
type refusedError struct {
	Refusal

	public, cause error
}

func (e *refusedError) Error() string { return "matchq: redis refuses " + e.Call + ": " + e.Answer }

func (e *refusedError) Unwrap() []error {
	if e.public == nil {
		return []error{ErrRefused, e.cause}
	}
	return []error{ErrRefused, e.public, e.cause}
}

// disagreement is the error of a Guard: repeating the call won't change it.
type disagreement struct{ error }

func (e disagreement) Unwrap() error { return e.error }

// Passes tells an error after which the call may work later, without anybody mending it here: wait and repeat.
func Passes(err error) bool { return errors.Is(err, ErrUnavailable) || errors.Is(err, ErrRefused) }

// IsSettled tells an error after which it is known that the script changed nothing, and that repeating won't help.
func IsSettled(err error) bool {
	var guard disagreement
	return errors.As(err, &guard) || isAnswer(err) && !Passes(err)
}

// ChangedNothing tells an error after which it is known that the script changed nothing, whether repeating helps or not.
func ChangedNothing(err error) bool {
	if refused, ok := errors.AsType[*refusedError](err); ok {
		return !refused.Unknown
	}
	return IsSettled(err)
}

// Failure makes an error of the library from one of the driver. lost says that an earlier attempt at the call had no
// answer.
//
// An answer that comes with the state of Redis is an ErrRefused, also where that state soon ends by itself, such as LOADING
// or CLUSTERDOWN: it tells more than no answer does, and that the call was not made.
func (s *Space) Failure(call string, err error, lost bool) error {
	if !isAnswer(err) {
		return fmt.Errorf("%w: %s: %w", ErrUnavailable, call, err)
	}
	code, halfway := stateIn(err.Error())
	switch code {
	case "":
		return fmt.Errorf("matchq: %s: %w", call, err)
	case unblocked:
		return fmt.Errorf("%w: %s: %w", ErrUnavailable, call, err)
	}
	e := &refusedError{Refusal: Refusal{Call: call, Code: code, Answer: err.Error(), Unknown: lost || halfway}, cause: err}
	if s.refused != nil {
		e.public = s.refused(e.Refusal)
	}
	return e
}

// isAnswer tells an answer of Redis from an error of the driver.
func isAnswer(err error) bool {
	var answer redis.Error
	return errors.As(err, &answer)
}

// unblocked begins the answer to a read that waited while Redis became a replica, or its key was removed.
const unblocked = "UNBLOCKED"

// states are the first words of answers that come with the state of Redis, or with the rights of its user.
var states = []string{
	"OOM", "READONLY", "NOPERM", "WRONGPASS", "NOAUTH", "DENIED", "MISCONF", "BUSY", "NOREPLICAS", "CLUSTERDOWN", "MASTERDOWN",
	"LOADING", "TRYAGAIN", "MOVED", "ASK", unblocked,
}

// unnamed are answers of that kind without a word of their own.
var unnamed = []struct{ begin, code string }{
	{"ERR max number of clients reached", "MAXCLIENTS"},
	{"ERR AUTH ", "WRONGPASS"},
	{"ERR invalid password", "WRONGPASS"},
}

var (
	// inScript begins the refusal of a command of a script for lack of rights: commands before it were made.
	inScript = regexp.MustCompile(`^(ERR|NOPERM) (The user executing the script|ACL failure in script)`)
	// quoted is how Redis 6.2 tells of an error of a script's command.
	quoted = regexp.MustCompile(`^ERR Error running script .*@user_script: ?\d+: -?([A-Z]+ .*)$`)
)

// stateIn is the code of the state that an answer tells, "" if it tells none. halfway says that a script was broken off.
func stateIn(answer string) (code string, halfway bool) {
	if found := quoted.FindStringSubmatch(answer); found != nil {
		answer = found[1]
	}
	if inScript.MatchString(answer) {
		return "NOPERM", true
	}
	for _, known := range unnamed {
		if strings.HasPrefix(answer, known.begin) {
			return known.code, false
		}
	}
	if word, _, _ := strings.Cut(answer, " "); slices.Contains(states, word) {
		return word, false
	}
	return "", false
}
