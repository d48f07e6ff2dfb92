package presence_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
)

func TestMailbox(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		_, p := newPresence(t, env, matchq.Config{})
		if got, found := mailbox(t, p, "alice", "0-0"); len(got) > 0 || found {
			t.Errorf("of nobody: %v, %v", got, found)
		}
		send(t, p, presence.Message{Player: "alice", Event: "hello", Data: json.RawMessage(`{ "a": 1 }`), DedupKey: "k1"},
			presence.Message{Player: "bob", Event: "hello"})
		send(t, p, numbered("alice", 0, 300)...)
		all, _ := mailbox(t, p, "alice", "0-0")
		if len(all) != 256 || string(all[0].Data) != "44" || string(all[255].Data) != "299" || all[255].Event != "number" {
			t.Fatalf("%d messages are kept, from %+v", len(all), all[:1])
		}
		rest, found := mailbox(t, p, "alice", all[253].Seq)
		if !found || len(rest) != 2 || rest[0].Seq != all[254].Seq || rest[0].DedupKey != "" {
			t.Errorf("after the third newest, found: %v: %+v", found, rest)
		}
		if rest, found := mailbox(t, p, "alice", all[255].Seq); !found || len(rest) != 0 {
			t.Errorf("after the newest, found: %v: %+v", found, rest)
		}
		if got, found := mailbox(t, p, "alice", "what?"); len(got) > 0 || found {
			t.Errorf("after nothing: %v, %v", got, found)
		}
		bobs, _ := mailbox(t, p, "bob", "0-0")
		if len(bobs) != 1 || bobs[0].Player != "bob" || bobs[0].Data != nil {
			t.Errorf("bob was told %+v", bobs)
		}
	})
}

// A caller that is not sure that a message was sent sends it again.
func TestSendingAgainSendsOnce(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		_, p := newPresence(t, env, matchq.Config{})
		var repeat testkit.Repeater
		env.Client.AddHook(&repeat)
		for range 2 {
			repeat.Next("presence/send", nil)
			send(t, p, presence.Message{Player: "alice", Event: "told", DedupKey: "ticket 1"})
			repeat.Next("presence/send", nil)
			send(t, p, presence.Message{Player: "alice", Event: "said"})
		}
		if !repeat.Stop() {
			t.Error("no call was repeated")
		}
		got, _ := mailbox(t, p, "alice", "0-0")
		var events []string
		for _, msg := range got {
			events = append(events, msg.Event)
		}
		if strings.Join(events, " ") != "told said said" {
			t.Errorf("was told: %v", events)
		}
	})
}

func TestMailboxIsKeptForAWhile(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		_, p := presenceOn(t, env.Client, matchq.Config{Namespace: env.Namespace}, presence.Config{MailboxKeep: 50 * time.Millisecond})
		send(t, p, numbered("alice", 0, 3)...)
		if env.Embedded != nil {
			env.Embedded.FastForward(time.Minute)
		}
		matchqtest.Eventually(t, "the mailbox is gone", func() bool {
			got, _ := mailbox(t, p, "alice", "0-0")
			return len(got) == 0
		})
	})
}

func TestSendChecksAllBeforeItSends(t *testing.T) {
	_, p := newPresence(t, matchqtest.Embedded(t), matchq.Config{})
	fine := presence.Message{Player: "alice", Event: "hello"}
	for name, bad := range map[string]presence.Message{
		"no player": {Event: "hello"},
		"no event":  {Player: "alice"},
		"a tab":     {Player: "alice", Event: "a\tb"},
		"not JSON":  {Player: "alice", Event: "hello", Data: json.RawMessage("{")},
		"too large": {Player: "alice", Event: "hello", Data: json.RawMessage(`"` + strings.Repeat("x", presence.MaxMessage) + `"`)},
		"bad key":   {Player: "alice", Event: "hello", DedupKey: "a\nb"},
	} {
		var invalid *matchq.InvalidError
		if err := p.Send(t.Context(), fine, bad); !errors.As(err, &invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, _ := mailbox(t, p, "alice", "0-0"); len(got) > 0 {
		t.Errorf("was told %+v", got)
	}
}

// A connection knows where its player's mailbox stood when it was made, and so which messages it was to hear.
func TestWhereAConnectionStarts(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		_, p := newPresence(t, env, matchq.Config{})
		n := startNode(t, p, presence.NodeConfig{})
		n.connect(t, "alice", "a1")
		if got := n.Start("alice", "a1"); got != "0-0" {
			t.Errorf("an empty mailbox: %q", got)
		}
		send(t, p, numbered("alice", 0, 2)...)
		n.connect(t, "alice", "a2")
		send(t, p, numbered("alice", 2, 3)...)
		news, found := mailbox(t, p, "alice", n.Start("alice", "a2"))
		if !found || len(news) != 1 || string(news[0].Data) != "2" {
			t.Errorf("after the second connection: %+v, %v", news, found)
		}
		for _, other := range [][2]string{{"alice", "a1"}, {"bob", "a2"}} {
			if got := n.Start(other[0], other[1]); got != "" {
				t.Errorf("%v starts at %q", other, got)
			}
		}
	})
}
