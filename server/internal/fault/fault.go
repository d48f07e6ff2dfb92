// Package fault gives every failure one stable code, the same by HTTP and WebSocket.
package fault

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/matchq/matchq/matchq"
)

// Code is what a program goes by; it never changes.
type Code string

// The codes, by the HTTP status they come with.
const (
	Unauthorized     Code = "unauthorized"
	Forbidden        Code = "forbidden"
	ForeignOrigin    Code = "foreign_origin"
	ForeignHost      Code = "foreign_host"
	NotFound         Code = "not_found"
	MethodNotAllowed Code = "method_not_allowed"
	AlreadyQueued    Code = "already_queued"
	AlreadyMatched   Code = "already_matched"
	PlayerBusy       Code = "player_busy"
	Replaced         Code = "replaced"
	Expired          Code = "expired"
	MatchGone        Code = "match_gone"
	TooLarge         Code = "too_large"
	UnsupportedMedia Code = "unsupported_media_type"
	Invalid          Code = "invalid"
	KeyReused        Code = "idempotency_key_reused"
	UpgradeRequired  Code = "upgrade_required"
	RateLimited      Code = "rate_limited"
	Internal         Code = "internal"
	RedisUnavailable Code = "redis_unavailable"
	QueuePaused      Code = "queue_paused"
	ConfigMismatch   Code = "config_mismatch"
	ShuttingDown     Code = "shutting_down"
	TransportUnknown Code = "transport_unknown"
	BadMessage       Code = "bad_message"   // by WebSocket only
	UnknownEvent     Code = "unknown_event" // by WebSocket only
	WrongMode        Code = "wrong_mode"    // likewise, as all of these
	TooLate          Code = "too_late"
	AlreadyInvited   Code = "already_invited"
	NoQuestions      Code = "questions_unavailable"
)

var statuses = map[Code]int{
	Unauthorized: 401,
	Forbidden:    403, ForeignOrigin: 403, ForeignHost: 403,
	NotFound: 404, MethodNotAllowed: 405,
	AlreadyQueued: 409, AlreadyMatched: 409, PlayerBusy: 409, Replaced: 409,
	Expired: 410, MatchGone: 410,
	TooLarge: 413, UnsupportedMedia: 415, Invalid: 422, KeyReused: 422, UpgradeRequired: 426, RateLimited: 429,
	TransportUnknown: 400, Internal: 500, RedisUnavailable: 503, QueuePaused: 503, ConfigMismatch: 503, ShuttingDown: 503,
}

// HTTPCodes are the codes that HTTP answers have, sorted.
func HTTPCodes() []Code { return slices.Sorted(maps.Keys(statuses)) }

// Fault is a failure as the client is told.
type Fault struct { //nolint:errname // it is what clients get, and only on its way an error
	Code       Code
	Message    string
	RetryAfter time.Duration  // when it may be worth trying again; 0 if that changes nothing
	Ticket     *matchq.Ticket // of AlreadyQueued: the live one
	Match      *matchq.Match  // of AlreadyMatched
	cause      error
}

func (f *Fault) Error() string { return f.Message }

// Unwrap returns what only the log is told.
func (f *Fault) Unwrap() error { return f.cause }

// Status is the HTTP status.
func (f *Fault) Status() int {
	if status, ok := statuses[f.Code]; ok {
		return status
	}
	return 500
}

// New makes a Fault.
func New(code Code, format string, args ...any) *Fault {
	return &Fault{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Redis says that Redis does not answer. The cause may name addresses, so the client is not told.
func Redis(cause error) *Fault {
	return &Fault{
		Code: RedisUnavailable, Message: "Redis does not answer, nothing was changed; try again", RetryAfter: time.Second, cause: cause,
	}
}

// Questions says that the source of questions fails. The cause may name addresses, so the client is not told.
func Questions(cause error, retryAfter time.Duration) *Fault {
	return &Fault{
		Code: NoQuestions, Message: "there are no questions at the moment, nothing was changed; try again",
		RetryAfter: retryAfter, cause: cause,
	}
}

// Stopping says that this server stops; another one may take over, or the same one come back.
func Stopping() *Fault {
	return &Fault{Code: ShuttingDown, Message: "the server is shutting down", RetryAfter: time.Second}
}

// Of makes a Fault of any error.
func Of(err error) *Fault {
	var (
		known     *Fault
		invalid   *matchq.InvalidError
		duplicate *matchq.DuplicateError
		matched   *matchq.MatchedError
		taken     *matchq.IDTakenError
		config    *matchq.ConfigError
		busy      *matchq.BusyError
	)
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &invalid):
		return New(Invalid, "%s %s", invalid.Field, invalid.Problem)
	case errors.As(err, &duplicate):
		f := New(AlreadyQueued, "the player waits in queue %q already", duplicate.Ticket.Queue)
		f.Ticket = &duplicate.Ticket
		return f
	case errors.As(err, &matched):
		f := New(AlreadyMatched, "the match was made already")
		f.Match = &matched.Match
		return f
	case errors.As(err, &taken):
		return New(KeyReused, "this Idempotency-Key was used for another request")
	case errors.As(err, &config):
		return &Fault{Code: ConfigMismatch, Message: "this server and others disagree about the configuration", cause: err}
	case errors.Is(err, matchq.ErrPaused):
		return &Fault{Code: QueuePaused, Message: "the queue is paused", RetryAfter: 5 * time.Second}
	case errors.Is(err, matchq.ErrNotFound):
		return New(NotFound, "not found: unknown, or it ended too long ago")
	case errors.Is(err, matchq.ErrExpired):
		return New(Expired, "the ticket has expired")
	case errors.Is(err, matchq.ErrGone):
		return New(MatchGone, "the match fell apart: somebody declined, or did not accept in time")
	case errors.As(err, &busy):
		return New(PlayerBusy, "player %q was just matched", busy.Player)
	case errors.Is(err, matchq.ErrUnavailable):
		return Redis(err)
	default:
		return &Fault{Code: Internal, Message: "this is our fault, and was logged", cause: err}
	}
}
