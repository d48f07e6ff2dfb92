package space

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// talkless is a Space that never asks its Redis.
func talkless(t *testing.T) *Space {
	client := redis.NewClient(&redis.Options{})
	t.Cleanup(func() { _ = client.Close() })
	return New(Config{Client: client, Namespace: "n", Timeout: time.Second, Logger: slog.New(slog.DiscardHandler)})
}

// TestAnswers are answers of Redis by their meaning.
func TestAnswers(t *testing.T) {
	s := talkless(t)
	for text, code := range map[string]string{
		"OOM command not allowed when used memory > 'maxmemory'. script: 5f, on @user_script:9.":                              "OOM",
		"READONLY You can't write against a read only replica.":                                                               "READONLY",
		"NOPERM this user has no permissions to run the 'evalsha' command":                                                    "NOPERM",
		"ERR max number of clients reached":                                                                                   "MAXCLIENTS",
		"ERR AUTH <password> called without any password configured for the default user.":                                    "WRONGPASS",
		"WRONGPASS invalid username-password pair or user is disabled.":                                                       "WRONGPASS",
		"BUSY Redis is busy running a script.":                                                                                "BUSY",
		"CLUSTERDOWN Hash slot not served":                                                                                    "CLUSTERDOWN",
		"LOADING Redis is loading the dataset in memory":                                                                      "LOADING",
		"ERR Error running script (call to f_5f): @user_script:1: @user_script: 1: -OOM command not allowed when used memory": "OOM",
	} {
		err := s.Failure("ask", answer(text), false)
		var refused *refusedError
		if !errors.As(err, &refused) || refused.Code != code || refused.Unknown || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v", text, err)
		}
		if !errors.Is(err, ErrRefused) || errors.Is(err, ErrUnavailable) || !Passes(err) || IsSettled(err) || !ChangedNothing(err) {
			t.Errorf("%s is taken for another kind of error: %v", text, err)
		}
		if err := s.Failure("ask", answer(text), true); ChangedNothing(err) || !errors.Is(err, ErrRefused) {
			t.Errorf("%s after an attempt without an answer: %v", text, err)
		}
	}
	for _, text := range []string{
		"ERR The user executing the script can't run this command or subcommand script: 5f, on @user_script:1.",
		"ERR ACL failure in script: User x has no permissions to run the 'hset' command",
		"ERR Error running script (call to f_5f): @user_script:1: @user_script: 1: -NOPERM The user executing the script can't run this command",
	} {
		err := s.Failure("ask", answer(text), false)
		var refused *refusedError
		if !errors.As(err, &refused) || refused.Code != "NOPERM" || !refused.Unknown || ChangedNothing(err) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{
		"WRONGTYPE Operation against a key holding the wrong kind of value", "BUSYGROUP Consumer Group name already exists",
		"MATCHQ_BADARG match/enqueue: keys and arguments do not fit", "ERR unknown command 'NONSENSE'",
	} {
		if err := s.Failure("ask", answer(text), false); Passes(err) || !IsSettled(err) || !ChangedNothing(err) {
			t.Errorf("%s: %v", text, err)
		}
	}
	role := s.Failure("read", answer("UNBLOCKED force unblock from blocking operation, instance state changed"), false)
	if !errors.Is(role, ErrUnavailable) || IsSettled(role) {
		t.Errorf("a read that was broken off: %v", role)
	}
}

// TestOutageIsLoggedOnce for each kind of refusal.
func TestOutageIsLoggedOnce(t *testing.T) {
	s := talkless(t)
	var log strings.Builder
	o := Outage{Log: slog.New(slog.NewTextHandler(&log, nil)), Begins: "begins", Ends: "ends", Attrs: []any{"group", "g"}}
	o.Over()
	for range 2 {
		for _, text := range []string{"LOADING", "OOM", "OOM"} {
			o.Note(Unavailable(context.DeadlineExceeded))
			o.Note(s.Failure("ask", answer(text+" now"), false))
		}
		o.Over()
		o.Over()
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	want := []string{"begins", "LOADING", "OOM", "ends", "begins", "LOADING", "OOM", "ends"}
	if len(lines) != len(want) {
		t.Fatalf("logged:\n%s", log.String())
	}
	for i := range want {
		if !strings.Contains(lines[i], want[i]) || !strings.Contains(lines[i], "group=g") {
			t.Errorf("line %d is %q, want %s", i, lines[i], want[i])
		}
	}
}

// answer is an error reply of Redis.
type answer string

func (a answer) Error() string { return string(a) }
func (answer) RedisError()     {}
