package wire

import (
	"errors"
	"strings"
	"time"

	"github.com/matchq/matchq/matchq"
)

// Full is the Refusal of a Redis whose memory is full. Cancels and games go on meanwhile.
const Full = "OOM"

// refusals are the answers of a Redis that works and refuses, by their first word. A script's answer may have that
// after its own beginning.
var refusals = []struct{ code, sign, why string }{
	{Full, "OOM ", "its memory is full; raise maxmemory, or wait until tickets end"},
	{"READONLY", "READONLY ", "it is a read-only replica"},
	{"NOPERM", "NOPERM ", noRight},
	{"NOPERM", "The user executing the script", noRight},
	{"NOPERM", "ACL failure in script", noRight},
	{"WRONGPASS", "WRONGPASS ", "it does not accept the server's user name and password"},
	{"NOAUTH", "NOAUTH ", "it wants a user name and a password from the server"},
	{"MISCONF", "MISCONF ", "it can't write its data to disk"},
	{"NOREPLICAS", "NOREPLICAS ", "too few of its replicas are connected"},
	{"BUSY", "BUSY ", "a script has occupied it for too long"},
	{"CLUSTERDOWN", "CLUSTERDOWN ", "its cluster is incomplete"},
	{"MASTERDOWN", "MASTERDOWN ", "it is a replica without its master"},
	{"LOADING", "LOADING ", "it is loading its data"},
	{"MAXCLIENTS", "ERR max number of clients", "it has too many connections; raise maxclients"},
}

const noRight = "the server's Redis user lacks a right; the README lists those it needs"

// refusalRetry is when a refused call may be worth repeating.
const refusalRetry = 5 * time.Second

// redisAnswer is an error that Redis has answered with, as the driver marks it.
type redisAnswer interface {
	error
	RedisError()
}

// RefusalOf returns an Error if Redis answers and refuses; nil for any other error. The answer may name users and keys, so
// clients get its first word and a fixed explanation.
func RefusalOf(err error) *Error {
	code, why := "", "the log says why"
	if answer, ok := errors.AsType[redisAnswer](err); ok {
		for _, r := range refusals {
			if text := answer.Error(); strings.HasPrefix(text, r.sign) || strings.HasPrefix(text, "ERR ") && strings.Contains(text, r.sign) {
				code, why = r.code, r.why
				break
			}
		}
	}
	if code == "" && !errors.Is(err, matchq.ErrRefused) {
		return nil
	}
	f := &Error{Code: CodeRedisRefuses, Message: "Redis refuses: " + why, Refusal: code, RetryAfter: refusalRetry, cause: err}
	if code != "" {
		f.Message = "Redis refuses (" + code + "): " + why
	}
	return f
}

// IsPassing reports whether a call failed because Redis is away or refuses: nothing is known to have changed, and the call
// works again once the cause is gone.
func IsPassing(err error) bool {
	return errors.Is(err, matchq.ErrUnavailable) || RefusalOf(err) != nil
}
