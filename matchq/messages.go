package matchq

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Message is something that a player is told, wherever they are connected.
type Message struct {
	Player string
	// Event names the kind of message, in your words; 1 to 128 bytes, as a name.
	Event string
	// Data are its contents, as JSON of up to 128 KiB when compacted; nil for none.
	Data json.RawMessage
	// Key names the message: one whose key is among those of the player's newest 16 is not posted again, so that whoever
	// is not sure to have posted it may do so once more. Up to 128 bytes, as a name; every message is new if it is empty.
	Key string
	// Seq is the message's place in the player's outbox, given by Redis. Opaque.
	Seq string
	// Conn is the connection it is for, where a Node hands it over; else empty.
	Conn string
}

// MaxMessage is how many bytes of compact JSON a message may have.
const MaxMessage = 128 << 10

// A call to Redis takes a limited number of messages and of bytes.
const (
	mostMessages = 128
	mostBytes    = 256 << 10
)

// outboxSize is how many messages an outbox holds; lua/lib/post.lua says the same.
const outboxSize = 256

// ownKey begins a key that was made for a message without one.
const ownKey = "~"

// Post tells players something: each message goes to its player's outbox, where the newest 256 are kept for
// Config.OutboxKeep after the last one, and at once to the node the player is connected to, if any. Messages of a
// player keep their order. Posting is done in steps of 128 messages; after an error some may have been posted, so repeat
// all, with their keys.
//
// Errors: *InvalidError (nothing was posted), *ConfigError, ErrUnavailable.
func (m *Matcher) Post(ctx context.Context, messages ...Message) error {
	rows, err := checkMessages(messages)
	if err != nil {
		return err
	}
	for len(rows) > 0 {
		n, bytes := 0, 0
		for n < min(len(rows), mostMessages) && (n == 0 || bytes+len(rows[n].Data) <= mostBytes) {
			bytes += len(rows[n].Data)
			n++
		}
		if err := m.post(ctx, rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

func (m *Matcher) post(ctx context.Context, rows []Message) error {
	_, err := within(ctx, m, nil, func(ctx context.Context) (int64, error) {
		outboxes, args := m.messageRows(rows)
		r, err := m.write(ctx, m.scripts.post, append([]string{m.keys.meta, m.keys.online}, outboxes...),
			append([]any{m.cfg.OutboxKeep.Milliseconds(), m.keys.channel}, args...)...)
		if err != nil {
			return 0, err
		}
		posted := r.number()
		return posted, r.err
	})
	return err
}

// messageRows lays checked messages out as scripts take them: an outbox each, and player, event, key, data.
func (m *Matcher) messageRows(messages []Message) (outboxes []string, args []any) {
	for i := range messages {
		msg := &messages[i]
		outboxes = append(outboxes, m.keys.outbox(msg.Player))
		args = append(args, msg.Player, msg.Event, msg.Key, string(msg.Data))
	}
	return outboxes, args
}

// checkMessages returns messages as they are stored: with a key, and their data compact.
func checkMessages(messages []Message) ([]Message, error) {
	rows := make([]Message, len(messages))
	for i, msg := range messages {
		if err := CheckName("player", msg.Player); err != nil {
			return nil, err
		}
		if err := CheckName("event", msg.Event); err != nil {
			return nil, err
		}
		if msg.Key == "" {
			msg.Key = ownKey + newID() // so that the driver may repeat the call
		} else if err := CheckName("key", msg.Key); err != nil {
			return nil, err
		}
		data, err := compact("data", msg.Data, MaxMessage)
		if err != nil {
			return nil, err
		}
		msg.Data = json.RawMessage(data)
		rows[i] = msg
	}
	return rows, nil
}

// Outbox returns what a player was told after a message, oldest first, and whether that message is still there; if it
// is not, some of what came after it may be gone too. after is a Message.Seq; with any other text nothing is found.
// Errors: ErrUnavailable.
func (m *Matcher) Outbox(ctx context.Context, player, after string) (messages []Message, found bool, err error) {
	if CheckName("player", player) != nil || !isSeq(after) {
		return nil, false, nil //nolint:nilerr // nobody has such a name
	}
	messages, err = within(ctx, m, nil, func(ctx context.Context) ([]Message, error) {
		entries, err := m.rdb.XRangeN(ctx, m.keys.outbox(player), after, "+", outboxSize).Result()
		if err != nil {
			return nil, failure("read outbox", err)
		}
		return outboxMessages(player, entries), nil
	})
	if len(messages) > 0 && messages[0].Seq == after {
		return messages[1:], true, err
	}
	return messages, false, err
}

// outboxMessages reads entries of a player's outbox.
func outboxMessages(player string, entries []redis.XMessage) []Message {
	messages := make([]Message, len(entries))
	for i, entry := range entries {
		event, _ := entry.Values["event"].(string)
		key, _ := entry.Values["key"].(string)
		data, _ := entry.Values["data"].(string)
		messages[i] = storedMessage(player, entry.ID, event, key, data)
	}
	return messages
}

// publishedMessage reads what a node's channel carries of a message, less its first letter.
func publishedMessage(payload string) (Message, error) {
	fields := strings.SplitN(payload, "\t", 5)
	if len(fields) != 5 || !isSeq(fields[1]) {
		return Message{}, fmt.Errorf("matchq: a published message has %d fields of 5", len(fields))
	}
	return storedMessage(fields[0], fields[1], fields[2], fields[3], fields[4]), nil
}

func storedMessage(player, seq, event, key, data string) Message {
	msg := Message{Player: player, Seq: seq, Event: event, Key: key}
	if strings.HasPrefix(key, ownKey) {
		msg.Key = ""
	}
	if data != "" {
		msg.Data = json.RawMessage(data)
	}
	return msg
}

// isSeq says whether a text is the id of an outbox's entry.
func isSeq(seq string) bool {
	ms, n, ok := strings.Cut(seq, "-")
	return ok && len(seq) <= 41 && isDigits(ms) && isDigits(n)
}

// seqAfter says whether a message of an outbox came after another one; every one came after "".
func seqAfter(seq, other string) bool {
	ms, n, _ := strings.Cut(seq, "-")
	otherMS, otherN, _ := strings.Cut(other, "-")
	if ms != otherMS {
		return digitsAfter(ms, otherMS)
	}
	return digitsAfter(n, otherN)
}

// digitsAfter compares numbers without leading zeros.
func digitsAfter(a, b string) bool {
	return len(a) > len(b) || len(a) == len(b) && a > b
}
