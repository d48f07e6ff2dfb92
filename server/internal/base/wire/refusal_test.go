package wire_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// answer is an error that Redis answers.
type answer string

func (a answer) Error() string { return string(a) }
func (answer) RedisError()     {}

// Clients learn of a refusal by its code and a fixed explanation; the answer itself may name users and keys.
func TestRefusals(t *testing.T) {
	for text, code := range map[string]string{
		"OOM command not allowed when used memory > 'maxmemory'. script: secret, on @user_script:1.":                                        "OOM",
		"ERR Error running script (call to f_secret): @user_script:12: @user_script: 12: -OOM command not allowed when used memory > 'max'": "OOM",
		"READONLY You can't write against a read only replica.":                                                                             "READONLY",
		"NOPERM User secret has no permissions to run the 'set' command":                                                                    "NOPERM",
		"ERR The user executing the script can't run this command or subcommand script: secret, on @user_script:1.":                         "NOPERM",
		"ERR ACL failure in script: User secret has no permissions to access the 'secret' key script: secret":                               "NOPERM",
		"WRONGPASS invalid username-password pair or user is disabled.":                                                                     "WRONGPASS",
		"NOAUTH Authentication required.": "NOAUTH",
		"MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.": "MISCONF",
		"NOREPLICAS Not enough good replicas to write.":                                                    "NOREPLICAS",
		"BUSY Redis is busy running a script.":                                                             "BUSY",
		"CLUSTERDOWN The cluster is down":                                                                  "CLUSTERDOWN",
		"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.":                 "MASTERDOWN",
		"LOADING Redis is loading the dataset in memory":                                                   "LOADING",
		"ERR max number of clients reached":                                                                "MAXCLIENTS",
	} {
		err := fmt.Errorf("match/enqueue: %w", answer(text))
		got := wire.ErrorOf(fmt.Errorf("%w: %w", matchq.ErrRefused, err))
		if got.Code != wire.CodeRedisRefuses || got.Status() != 503 || got.RetryAfter <= 0 || got.Refusal != code ||
			!strings.Contains(got.Message, "("+code+")") || strings.Contains(got.Message, "secret") || !errors.Is(got, answer(text)) {
			t.Errorf("%s: %+v", text, got)
		}
		if got := wire.RedisError(err); got.Refusal != code { // as the rate limiter's driver says it
			t.Errorf("%s: %+v", text, got)
		}
	}
	if got := wire.ErrorOf(fmt.Errorf("%w: TRYAGAIN", matchq.ErrRefused)); got.Code != wire.CodeRedisRefuses || got.Refusal != "" {
		t.Errorf("another refusal: %+v", got)
	}
	for _, err := range []error{nil, errors.New("OOM of something else"), answer("WRONGTYPE Operation"), answer("ERR unknown command")} {
		if got := wire.RefusalOf(err); got != nil {
			t.Errorf("%v: %+v", err, got)
		}
	}
	if got := wire.ErrorOf(fmt.Errorf("%w: connection refused", matchq.ErrUnavailable)); got.Code != wire.CodeRedisUnavailable {
		t.Errorf("away: %+v", got)
	}
}

// A full backlog of the library is an overload, and no outage.
func TestOverload(t *testing.T) {
	f := wire.ErrorOf(fmt.Errorf("enqueue: %w", matchq.ErrOverloaded))
	if f.Code != wire.CodeOverloaded || f.Status() != 503 || f.RetryAfter <= 0 || wire.IsPassing(matchq.ErrOverloaded) {
		t.Errorf("got %+v", f)
	}
}
