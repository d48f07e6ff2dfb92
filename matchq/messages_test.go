package matchq_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/redistest"
)

// outbox reads all a player was told.
func outbox(t *testing.T, m *matchq.Matcher, player, after string) ([]matchq.Message, bool) {
	t.Helper()
	messages, found, err := m.Outbox(t.Context(), player, after)
	if err != nil {
		t.Fatal(err)
	}
	return messages, found
}

func post(t *testing.T, m *matchq.Matcher, messages ...matchq.Message) {
	t.Helper()
	if err := m.Post(t.Context(), messages...); err != nil {
		t.Fatal(err)
	}
}

func numbered(player string, from, to int) []matchq.Message {
	var messages []matchq.Message
	for i := from; i < to; i++ {
		messages = append(messages, matchq.Message{Player: player, Event: "number", Data: json.RawMessage(fmt.Sprint(i))})
	}
	return messages
}

func TestOutbox(t *testing.T) {
	redistest.Run(t, func(t *testing.T, env *redistest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		if got, found := outbox(t, m, "alice", "0-0"); len(got) > 0 || found {
			t.Errorf("of nobody: %v, %v", got, found)
		}
		post(t, m, matchq.Message{Player: "alice", Event: "hello", Data: json.RawMessage(`{ "a": 1 }`), Key: "k1"},
			matchq.Message{Player: "bob", Event: "hello"})
		post(t, m, numbered("alice", 0, 300)...)
		all, _ := outbox(t, m, "alice", "0-0")
		if len(all) != 256 || string(all[0].Data) != "44" || string(all[255].Data) != "299" || all[255].Event != "number" {
			t.Fatalf("%d messages are kept, from %+v", len(all), all[:1])
		}
		rest, found := outbox(t, m, "alice", all[253].Seq)
		if !found || len(rest) != 2 || rest[0].Seq != all[254].Seq || rest[0].Key != "" {
			t.Errorf("after the third newest, found: %v: %+v", found, rest)
		}
		if rest, found := outbox(t, m, "alice", all[255].Seq); !found || len(rest) != 0 {
			t.Errorf("after the newest, found: %v: %+v", found, rest)
		}
		if got, found := outbox(t, m, "alice", "what?"); len(got) > 0 || found {
			t.Errorf("after nothing: %v, %v", got, found)
		}
		bobs, _ := outbox(t, m, "bob", "0-0")
		if len(bobs) != 1 || bobs[0].Player != "bob" || bobs[0].Data != nil {
			t.Errorf("bob was told %+v", bobs)
		}
	})
}

// Whoever is not sure to have posted does it again.
func TestPostingAgainPostsOnce(t *testing.T) {
	redistest.Run(t, func(t *testing.T, env *redistest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		var repeat repeater
		env.Client.AddHook(&repeat)
		for range 2 {
			repeat.next("post", nil)
			post(t, m, matchq.Message{Player: "alice", Event: "told", Key: "ticket 1"})
			repeat.next("post", nil)
			post(t, m, matchq.Message{Player: "alice", Event: "said"})
		}
		if !repeat.stop() {
			t.Error("no call was repeated")
		}
		got, _ := outbox(t, m, "alice", "0-0")
		var events []string
		for _, msg := range got {
			events = append(events, msg.Event)
		}
		if strings.Join(events, " ") != "told said said" {
			t.Errorf("was told: %v", events)
		}
	})
}

func TestOutboxIsKeptForAWhile(t *testing.T) {
	redistest.Run(t, func(t *testing.T, env *redistest.Env) {
		m := newMatcher(t, env, matchq.Config{OutboxKeep: 50 * time.Millisecond})
		post(t, m, numbered("alice", 0, 3)...)
		if env.Embedded != nil {
			env.Embedded.FastForward(time.Minute)
		}
		redistest.Eventually(t, "the outbox is gone", func() bool {
			got, _ := outbox(t, m, "alice", "0-0")
			return len(got) == 0
		})
	})
}

func TestPostChecksAllBeforeItPosts(t *testing.T) {
	m := newMatcher(t, redistest.Embedded(t), matchq.Config{})
	fine := matchq.Message{Player: "alice", Event: "hello"}
	for name, bad := range map[string]matchq.Message{
		"no player": {Event: "hello"},
		"no event":  {Player: "alice"},
		"a tab":     {Player: "alice", Event: "a\tb"},
		"not JSON":  {Player: "alice", Event: "hello", Data: json.RawMessage("{")},
		"too large": {Player: "alice", Event: "hello", Data: json.RawMessage(`"` + strings.Repeat("x", matchq.MaxMessage) + `"`)},
		"bad key":   {Player: "alice", Event: "hello", Key: "a\nb"},
	} {
		var invalid *matchq.InvalidError
		if err := m.Post(t.Context(), fine, bad); !errors.As(err, &invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, _ := outbox(t, m, "alice", "0-0"); len(got) > 0 {
		t.Errorf("was told %+v", got)
	}
}
