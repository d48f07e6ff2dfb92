package matchq_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/history"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/matchq/rooms"
)

// leastRights are the words of README's line for a user with the least rights.
func leastRights(t *testing.T) []string {
	t.Helper()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^    (ACL SETUSER matchq .*)$`).FindAllStringSubmatch(string(readme), -1)
	if len(found) != 1 {
		t.Fatalf("README has %d lines with ACL SETUSER", len(found))
	}
	return strings.Fields(found[0][1])
}

// restricted is a server on which the library has the rights of README, less some, and an operator all rights.
func restricted(t *testing.T, less ...string) (env *matchqtest.Env, set func(words ...string)) {
	t.Helper()
	server := matchqtest.Start(t)
	operator := server.Client(t)
	var user []any
	for _, word := range leastRights(t) {
		if !slices.Contains(less, word) {
			user = append(user, word)
		}
	}
	must(t, operator, user...)
	set = func(words ...string) {
		command := []any{"ACL", "SETUSER", "matchq"}
		for _, word := range words {
			command = append(command, word)
		}
		must(t, operator, command...)
	}
	return &matchqtest.Env{Client: userOf(t, server, "matchq", "PASSWORD"), Namespace: "matchq", Server: server}, set
}

// TestTheLeastRightsSuffice uses all of the library as a user with the rights that README names.
func TestTheLeastRightsSuffice(t *testing.T) {
	t.Parallel()
	for name, ready := range map[string]time.Duration{"without a ready check": 0, "with a ready check": 500 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, _ := restricted(t)
			c := newCrowded(t, env, ready)
			if err := c.p.CheckRights(t.Context()); err != nil {
				t.Fatal(err)
			}
			if left := env.Server.Client(t).Keys(t.Context(), "*").Val(); len(left) > 0 {
				t.Errorf("checking left %v", left)
			}
			c.run(t)
			c.goOn(t, func() func() { return func() {} })
			c.match(t, func() func() { return func() {} })
			c.useAll(t)
			if ready == 0 {
				startWorker(t, env).pair(t, "watched")
			}
			if lines := env.Server.Client(t).Do(t.Context(), "ACL", "LOG").Val(); len(lines.([]any)) > 0 {
				t.Errorf("rights that were missed: %v", lines)
			}
		})
	}
}

// useAll makes the calls that goOn and match do not.
func (c *crowded) useAll(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	for what, do := range map[string]func() error{
		"record": func() error {
			_, err := history.New(c.m).Record(ctx, history.Sample{Node: "n", Start: time.Now(), Payload: "x"})
			return err
		},
		"minutes": func() error {
			_, err := history.New(c.m).Minutes(ctx, time.Now().Add(-time.Hour), time.Now())
			return err
		},
		"record queues": func() error {
			_, err := history.New(c.m).RecordQueues(ctx, time.Now(), []history.QueueSample{{Queue: "q", Waiting: 1}})
			return err
		},
		"queue minutes": func() error {
			_, err := history.New(c.m).QueueMinutes(ctx, "q", time.Now().Add(-time.Hour), time.Now())
			return err
		},
		"check":  func() error { return c.m.Check(ctx) },
		"audit":  func() error { _, err := c.m.AuditDeep(ctx); return err },
		"queues": func() error { _, err := c.m.Queues(ctx); return err },
		"due":    func() error { _, _, err := c.r.Due(ctx, 10); return err },
		"rooms":  func() error { _, err := c.r.Of(ctx, "alice"); return err },
		"count":  func() error { _, err := c.r.Count(ctx); return err },
		"kind": func() error {
			r, err := c.r.Kind("leases")
			if err != nil {
				return err
			}
			_, err = r.Change(ctx, rooms.Change{ID: "r", Doc: []byte("1"), Keep: time.Hour, WakeAt: time.Now(), Seats: []rooms.Seat{{Player: "alice"}}})
			return err
		},
		"mailbox": func() error { _, _, err := c.p.Mailbox(ctx, "alice", "0-0"); return err },
		"nodes":   func() error { _, err := c.p.Nodes(ctx); return err },
		"group": func() error {
			ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
			defer cancel()
			return c.m.Consume(ctx, matchq.ConsumeOptions{Group: "g"}, func(context.Context, matchq.Event) error { return matchq.ErrGiveUp })
		},
		"groups":       func() error { _, err := c.m.Groups(ctx); return err },
		"delete group": func() error { return c.m.DeleteGroup(ctx, "none") },
		"dead letters": func() error { _, _, err := c.m.DeadLetters(ctx, "none", 0, 1); return err },
		"retry dead":   func() error { _, err := c.m.RetryDeadLetters(ctx, "none", "1-1-1"); return err },
	} {
		if err := do(); err != nil && !errors.Is(err, matchq.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestMissingRightsAreNamed takes each right away in turn, all keys and all channels.
func TestMissingRightsAreNamed(t *testing.T) {
	t.Parallel()
	env, set := restricted(t)
	_, p := newPresenceFor(t, env)
	ofServer := []string{"+get", "+set", "+info"}
	refusedFor := func(right, named string) {
		t.Helper()
		err := p.CheckRights(t.Context())
		var refused *matchq.RefusedError
		if !errors.As(err, &refused) || refused.Code != "NOPERM" || !strings.Contains(err.Error()+" ", named+" ") {
			t.Errorf("without %s: %v", right, err)
		}
	}
	for _, word := range leastRights(t) {
		if strings.HasPrefix(word, "+") && !slices.Contains(ofServer, word) {
			set("-" + word[1:])
			refusedFor(word, word)
			set(word)
		}
	}
	set("resetchannels")
	refusedFor("channels", "&{matchq}:*")
	set("&{matchq}:*", "resetkeys")
	refusedFor("keys", "~{matchq}:*")
	set("~{matchq}:*")
	if err := p.CheckRights(t.Context()); err != nil {
		t.Error(err)
	}
}

func newPresenceFor(t *testing.T, env *matchqtest.Env) (*matchq.Matcher, *presence.Presence) {
	t.Helper()
	m := newMatcher(t, env, matchq.Config{})
	p, err := presence.New(m, presence.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return m, p
}

// TestANodeWithoutItsChannel hears of messages late, says so once, and hears them at once when it has the right.
func TestANodeWithoutItsChannel(t *testing.T) {
	t.Parallel()
	env, set := restricted(t, "&{matchq}:*")
	var log logged
	m := newMatcher(t, env, matchq.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	p, err := presence.New(m, presence.Config{})
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan string, 100)
	node, err := p.Join(presence.NodeConfig{OnMessage: func(msg presence.Message) { heard <- msg.Event }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- node.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("run: %v", err)
		}
	}()
	matchqtest.Eventually(t, "it is logged", func() bool { return log.count("late", "NOPERM", "subscribe") == 1 })
	if _, err := node.Connect(ctx, "alice", "a1", ""); err != nil {
		t.Fatal(err)
	}
	var refused *matchq.RefusedError
	err = p.Send(ctx, presence.Message{Player: "alice", Event: "hello", DedupKey: "once"})
	if !errors.As(err, &refused) || !refused.Unknown { // it is in the mailbox
		t.Errorf("send: %v", err)
	}
	for round := range 2 { // also when the right is taken away from a node that listens
		set("&{matchq}:*")
		matchqtest.Eventually(t, "the end is logged", func() bool { return log.count("at once") == round+1 })
		if err := p.Send(ctx, presence.Message{Player: "alice", Event: "again"}); err != nil {
			t.Fatal(err)
		}
		for event := ""; event != "again"; {
			select {
			case event = <-heard:
			case <-time.After(matchqtest.Patience):
				t.Fatal("a message was not heard")
			}
		}
		set("resetchannels")
		// The connection breaks before the refusal is known, so there may be a line for each.
		matchqtest.Eventually(t, "it is logged", func() bool { return log.count("late", "NOPERM", "subscribe") == round+2 })
	}
}
