package space

import (
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// ErrUnavailable says that Redis gave no answer, or none that settles the call.
var ErrUnavailable = errors.New("matchq: redis is unavailable")

// ErrRefused says that Redis answers, and refuses the call in the state it is in.
var ErrRefused = errors.New("matchq: redis refuses the call")

// Unavailable is an ErrUnavailable with its cause.
func Unavailable(cause error) error { return fmt.Errorf("%w: %w", ErrUnavailable, cause) }

// disagreement is the error of a Guard: repeating the call won't change it.
type disagreement struct{ error }

func (e disagreement) Unwrap() error { return e.error }

// IsSettled tells an error after which it is known that the script changed nothing, and that repeating won't help.
func IsSettled(err error) bool {
	var guard disagreement
	return errors.As(err, &guard) || isRefusal(err)
}

// failure makes an error of the library from one of the driver.
func failure(what string, err error) error {
	if isRefusal(err) {
		return fmt.Errorf("matchq: %s: %w", what, err)
	}
	return fmt.Errorf("%w: %s: %w", ErrUnavailable, what, err)
}

// passing are the first words of answers that come with the state Redis is in: repeating the call may help.
var passing = []string{
	"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MOVED", "ASK", "MISCONF", "OOM", "NOREPLICAS", "BUSY",
	"UNBLOCKED",
}

// isRefusal tells an answer of Redis that repeating won't change.
func isRefusal(err error) bool {
	var answer redis.Error
	if !errors.As(err, &answer) {
		return false
	}
	for _, word := range passing {
		if strings.HasPrefix(answer.Error(), word) {
			return false
		}
	}
	return true
}
