// Package wire has the common part of all protocols: error codes, ids and JSON.
package wire

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/matchq/matchq/matchq"
)

// Code is an error code for programs. Codes never change.
type Code string

// The codes, in the order of their HTTP statuses.
const (
	CodeUnauthorized     Code = "unauthorized"
	CodeForbidden        Code = "forbidden"
	CodeForeignOrigin    Code = "foreign_origin"
	CodeForeignHost      Code = "foreign_host"
	CodeNotFound         Code = "not_found"
	CodeMethodNotAllowed Code = "method_not_allowed"
	CodeAlreadyQueued    Code = "already_queued"
	CodeAlreadyMatched   Code = "already_matched"
	CodePlayerBusy       Code = "player_busy"
	CodeReplaced         Code = "replaced"
	CodeExpired          Code = "expired"
	CodeMatchGone        Code = "match_gone"
	CodeMatchProposed    Code = "match_proposed"
	CodeMatchReleased    Code = "match_released"
	CodeBodyTimeout      Code = "body_timeout"
	CodeRulesChanged     Code = "rules_changed"
	CodeTooLarge         Code = "too_large"
	CodeUnsupportedMedia Code = "unsupported_media_type"
	CodeInvalid          Code = "invalid"
	CodeKeyReused        Code = "idempotency_key_reused"
	CodeTooManyQueues    Code = "too_many_queues"
	CodeUpgradeRequired  Code = "upgrade_required"
	CodeRateLimited      Code = "rate_limited"
	CodeInternal         Code = "internal"
	CodeRedisUnavailable Code = "redis_unavailable"
	CodeRedisRefuses     Code = "redis_refuses"
	CodeQueuePaused      Code = "queue_paused"
	CodeConfigMismatch   Code = "config_mismatch"
	CodeRulesUnknown     Code = "rules_unknown"
	CodeOverloaded       Code = "overloaded"
	CodeShuttingDown     Code = "shutting_down"
	CodeBadMessage       Code = "bad_message"   // WebSocket only
	CodeUnknownEvent     Code = "unknown_event" // WebSocket only
	CodeWrongMode        Code = "wrong_mode"    // WebSocket only, like all below
	CodeTooLate          Code = "too_late"
	CodeAlreadyInvited   Code = "already_invited"
	CodeNoQuestions      Code = "questions_unavailable"

	CodeTooManyInvitations Code = "too_many_invitations"
)

var statuses = map[Code]int{
	CodeUnauthorized: 401,
	CodeForbidden:    403, CodeForeignOrigin: 403, CodeForeignHost: 403,
	CodeNotFound: 404, CodeMethodNotAllowed: 405, CodeBodyTimeout: 408,
	CodeAlreadyQueued: 409, CodeAlreadyMatched: 409, CodePlayerBusy: 409, CodeReplaced: 409,
	CodeMatchProposed: 409, CodeMatchReleased: 409,
	CodeExpired: 410, CodeMatchGone: 410,
	CodeRulesChanged: 412, CodeTooLarge: 413, CodeUnsupportedMedia: 415, CodeInvalid: 422, CodeKeyReused: 422, CodeTooManyQueues: 422, CodeUpgradeRequired: 426, CodeRateLimited: 429,
	CodeInternal: 500, CodeRedisUnavailable: 503, CodeRedisRefuses: 503,
	CodeQueuePaused: 503, CodeConfigMismatch: 503, CodeRulesUnknown: 503, CodeOverloaded: 503, CodeShuttingDown: 503,
}

// HTTPCodes returns the codes of HTTP answers, sorted.
func HTTPCodes() []Code { return slices.Sorted(maps.Keys(statuses)) }

// Error is a failure as clients see it.
type Error struct {
	Code       Code
	Message    string
	RetryAfter time.Duration  // when a retry may help; 0 for never
	Ticket     *matchq.Ticket // of CodeAlreadyQueued: the live ticket
	Match      *matchq.Match  // of CodeAlreadyMatched
	Refusal    string         // of CodeRedisRefuses: the first word of Redis's answer, such as Full; "" if unknown
	cause      error
}

func (f *Error) Error() string { return f.Message }

// Unwrap returns the cause, which only the log shows.
func (f *Error) Unwrap() error { return f.cause }

// Status is the HTTP status.
func (f *Error) Status() int {
	if status, ok := statuses[f.Code]; ok {
		return status
	}
	return 500
}

// Errorf makes an Error.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// RedisError says that Redis refuses, or else that it does not answer. Clients don't see the cause, which may name
// addresses.
func RedisError(cause error) *Error {
	if refused := RefusalOf(cause); refused != nil {
		return refused
	}
	return &Error{
		Code: CodeRedisUnavailable, Message: "Redis does not answer, nothing was changed; try again", RetryAfter: time.Second, cause: cause,
	}
}

// QuestionsError says that the source of questions fails. Clients don't see the cause, which may name addresses.
func QuestionsError(cause error, retryAfter time.Duration) *Error {
	return &Error{
		Code: CodeNoQuestions, Message: "no questions are available now, nothing was changed; try again",
		RetryAfter: retryAfter, cause: cause,
	}
}

// OverloadedError says that too many requests wait already.
func OverloadedError() *Error {
	return &Error{Code: CodeOverloaded, Message: "too many requests at once, nothing was changed; try again", RetryAfter: time.Second}
}

// StoppingError says that this server stops. Another one may take over.
func StoppingError() *Error {
	return &Error{Code: CodeShuttingDown, Message: "the server is shutting down", RetryAfter: time.Second}
}

// WaitError is the error of waiting for Redis until a context ended: no outage if the client or this server gave up.
func WaitError(ended error) error {
	if errors.Is(ended, context.Canceled) {
		return ended
	}
	return fmt.Errorf("%w: %w", matchq.ErrUnavailable, ended)
}

// ErrorOf returns the Error of any error.
func ErrorOf(err error) *Error {
	var (
		known     *Error
		invalid   *matchq.InvalidError
		duplicate *matchq.DuplicateError
		matched   *matchq.MatchedError
		taken     *matchq.IDTakenError
		config    *matchq.ConfigError
		busy      *matchq.BusyError
		policy    *matchq.PolicyError
		conflict  *matchq.RulesConflictError
	)
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &invalid):
		return Errorf(CodeInvalid, "%s %s", invalid.Field, invalid.Problem)
	case errors.As(err, &duplicate):
		f := Errorf(CodeAlreadyQueued, "the player already waits in queue %q", duplicate.Ticket.Queue)
		f.Ticket = &duplicate.Ticket
		return f
	case errors.As(err, &matched):
		f := Errorf(CodeAlreadyMatched, "the match is made already")
		f.Match = &matched.Match
		return f
	case errors.As(err, &taken):
		return Errorf(CodeKeyReused, "this Idempotency-Key was used for another request")
	case errors.As(err, &config):
		return &Error{Code: CodeConfigMismatch, Message: "nodes disagree about the configuration", cause: err}
	case errors.As(err, &policy):
		return Errorf(CodeInvalid, "source: line %d: %s", policy.Line, policy.Problem)
	case errors.As(err, &conflict):
		return Errorf(CodeRulesChanged, "the rules have changed: version %s is in force; look at them again", conflict.InForce)
	case errors.Is(err, matchq.ErrRulesUnknown):
		return &Error{
			Code: CodeRulesUnknown, Message: "this server is too old for the rules of the queue; another one may know them",
			RetryAfter: 5 * time.Second, cause: err,
		}
	case errors.Is(err, matchq.ErrPaused):
		return &Error{Code: CodeQueuePaused, Message: "the queue is paused", RetryAfter: 5 * time.Second}
	case errors.Is(err, matchq.ErrOverloaded):
		return OverloadedError()
	case errors.Is(err, matchq.ErrNotFound):
		return Errorf(CodeNotFound, "unknown, or ended too long ago")
	case errors.Is(err, matchq.ErrExpired):
		return Errorf(CodeExpired, "the ticket has expired")
	case errors.Is(err, matchq.ErrReadyCheckFailed):
		return Errorf(CodeMatchGone, "the ready check failed: a player declined or did not answer in time")
	case errors.Is(err, matchq.ErrProposed):
		return Errorf(CodeMatchProposed, "the match is only proposed: assign it once all have accepted")
	case errors.Is(err, matchq.ErrReleased):
		return Errorf(CodeMatchReleased, "the match was released: its players wait again")
	case errors.As(err, &busy):
		return Errorf(CodePlayerBusy, "player %q was just matched", busy.Player)
	case IsPassing(err):
		return RedisError(err)
	case errors.Is(err, context.Canceled): // the client has gone, and hears nothing; or this server stops
		return StoppingError()
	default:
		return &Error{Code: CodeInternal, Message: "internal error", cause: err}
	}
}
