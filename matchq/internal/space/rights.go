package space

import (
	"context"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"
)

// CheckWrites says whether Redis takes writes, by writes that change nothing. It asks last for one that takes memory: the
// refusal "OOM" then means that Redis is full and takes all others.
func (s *Space) CheckWrites(ctx context.Context) error {
	_, err := Do(ctx, s, "write", func(ctx context.Context, rdb redis.UniversalClient) (int64, error) {
		return rdb.HDel(ctx, s.Key(Meta), "-").Result()
	})
	if err != nil {
		return err
	}
	_, err = Do(ctx, s, "write", func(ctx context.Context, rdb redis.UniversalClient) (int64, error) {
		return rdb.ZAddXX(ctx, s.Key(Due), redis.Z{Member: ""}).Result() // no queue has that name
	})
	return err
}

var rightsScript = Bind[struct{}]("match/rights")

// CheckRights says whether the user of the connection may run scripts and every command that scripts and Do run.
func (s *Space) CheckRights(ctx context.Context) error {
	_, err := Do(ctx, s, "eval", func(ctx context.Context, rdb redis.UniversalClient) (any, error) {
		if err := rdb.Ping(ctx).Err(); err != nil {
			return nil, err
		}
		return rdb.Eval(ctx, "return 1", []string{s.Key(Rights)}).Result() // Redis may know the scripts, and forget them
	})
	var reply *Reply
	if err == nil {
		reply, err = rightsScript.Call(ctx, s, struct{}{})
	}
	if err != nil {
		return lacking(err, "+ping +eval +evalsha and all keys, ~"+s.prefix+"*")
	}
	missing := reply.Texts()
	if reply.Err != nil || len(missing) == 0 {
		return reply.Err
	}
	return s.denied("commands", strings.ToLower("+"+strings.Join(missing, " +")))
}

// CheckChannels says whether the user of the connection may publish to and subscribe to the channels of nodes.
func (s *Space) CheckChannels(ctx context.Context) error {
	grant := "+publish +subscribe and all channels, &" + s.prefix + "*"
	channel := s.Channel("-")
	_, err := Do(ctx, s, "publish", func(ctx context.Context, rdb redis.UniversalClient) (int64, error) {
		return rdb.Publish(ctx, channel, "").Result()
	})
	if err != nil {
		return lacking(err, grant)
	}
	_, err = Do(ctx, s, "subscribe", func(ctx context.Context, rdb redis.UniversalClient) (any, error) {
		subscription := rdb.Subscribe(ctx, channel)
		defer func() { _ = subscription.Close() }() // Redis is told, or away
		return subscription.ReceiveTimeout(ctx, s.timeout)
	})
	return lacking(err, grant)
}

// denied is a refusal of rights that Redis told without an error.
func (s *Space) denied(call, grant string) error {
	return lacking(s.Failure(call, answerError("NOPERM this user has no permissions to run all commands"), false), grant)
}

// answerError is an answer of Redis.
type answerError string

func (e answerError) Error() string { return string(e) }
func (answerError) RedisError()     {}

// lackingError says what to grant.
type lackingError struct {
	error

	grant string
}

func (e *lackingError) Unwrap() error { return e.error }

func (e *lackingError) Error() string {
	return e.error.Error() + ": grant the user of Redis " + e.grant
}

// lacking adds what to grant to a refusal of rights.
func lacking(err error, grant string) error {
	var refused *refusedError
	if errors.As(err, &refused) && refused.Code == "NOPERM" {
		return &lackingError{err, grant}
	}
	return err
}
