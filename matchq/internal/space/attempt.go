package space

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// attempt is a call of a script that notes whether Redis left it without an answer. A driver repeats such a call, and
// tells the last error only: after "LOADING" nobody would know that the first attempt may have been made.
type attempt struct {
	*redis.Cmd

	once bool
	lost bool
}

// SetErr notes an error. The client of a cluster sets that of each attempt, others that of the last.
func (a *attempt) SetErr(err error) {
	a.lost = a.lost || err != nil && !isAnswer(err) && !isNotSent(err)
	a.Cmd.SetErr(err)
}

// NoRetry has a driver that tells the last error only make one attempt.
func (a *attempt) NoRetry() bool { return a.once }

// source is a script as Redis takes it.
type source struct{ hash, text string }

// evaluate runs a script by its hash, or by its text where Redis does not know it yet. Of call, all but the first two words
// are filled in. lost says that an attempt had no answer.
func (s *Space) evaluate(ctx context.Context, script source, call []any) (values []any, lost bool, err error) {
	call[0], call[1] = "evalsha", script.hash
	values, lost, err = s.attempts(ctx, call)
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		call = slices.Clone(call) // an attempt may still read it
		call[0], call[1] = "eval", script.text
		var again bool
		values, again, err = s.attempts(ctx, call)
		lost = lost || again
	}
	return values, lost, err
}

// dialFor is how long a call goes on to look for a connection. A driver that dials several times by itself may take as
// long for the first try.
const dialFor = 300 * time.Millisecond

// attempts makes a call as often as the driver's options say, with its pauses.
func (s *Space) attempts(ctx context.Context, call []any) (values []any, lost bool, err error) {
	var options redis.Options // of a driver that repeats by itself
	single, once := s.client.(*redis.Client)
	if once {
		options = *single.Options()
	}
	pause, began := max(options.MinRetryBackoff, 0), time.Now()
	for try := 0; ; try++ {
		a := &attempt{Cmd: redis.NewCmd(ctx, call...), once: once}
		a.SetFirstKeyPos(head)
		_ = s.client.Process(ctx, a)
		values, err = a.Slice()
		lost = lost || a.lost
		unsent := !lost && isNotSent(err) && time.Since(began) > dialFor
		if err == nil || try >= options.MaxRetries || !mayRepeat(err) || unsent || ctx.Err() != nil {
			return values, lost || err != nil && s.hidesAttempts(), err
		}
		Sleep(ctx, time.Duration(rand.Int64N(int64(pause)+1)))
		pause = min(2*pause, max(options.MaxRetryBackoff, pause))
	}
}

// hidesAttempts says whether the driver may repeat a call without saying so.
func (s *Space) hidesAttempts() bool {
	switch client := s.client.(type) {
	case *redis.Client:
		return false
	case *redis.ClusterClient:
		return client.Options().MaxRetries > 0
	default:
		return true
	}
}

// isNotSent tells errors of a command that had no connection.
func isNotSent(err error) bool {
	dial, ok := errors.AsType[*net.OpError](err)
	return ok && dial.Op == "dial" || errors.Is(err, redis.ErrPoolTimeout)
}

// mayRepeat tells an error after which the driver repeats a call.
func mayRepeat(err error) bool {
	if isAnswer(err) {
		code, _ := stateIn(err.Error())
		return slices.Contains([]string{"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS", "MAXCLIENTS"}, code)
	}
	var network net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, redis.ErrPoolTimeout) || errors.As(err, &network)
}
