package presence

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/mail"
	"github.com/matchq/matchq/matchq/internal/space"
)

// Message is a message to a player, who may be connected to any node.
type Message struct {
	Player string
	// Event names the kind of message, in your words: a name of 1 to 128 bytes.
	Event string
	// Data are its contents, as JSON of up to MaxMessage bytes when compacted; nil for none.
	Data json.RawMessage
	// DedupKey makes sending safe to repeat: a message is dropped if its key is among those of the player's newest 16
	// messages. A name of up to 128 bytes; if it is empty, each Send sends a new message.
	DedupKey string
	// Seq is the message's place in the player's mailbox, given by Redis. Opaque.
	Seq string
	// Conn is the connection that the message is for, where a Node hands it over; else empty.
	Conn string
}

// MaxMessage is how many bytes of compact JSON a message may have: 128 KiB.
const MaxMessage = mail.MaxMessage

// emptyMailbox is the seq before all messages.
const emptyMailbox = "0-0"

// maxMessages is how many messages a call to Redis takes.
const maxMessages = 128

// MailboxSize is how many messages a mailbox holds at most; older ones are dropped. lua/lib/mailbox.lua says the same.
const MailboxSize = 256

var sendScript = space.Bind[sendArgs]("presence/send")

type sendArgs struct {
	KeepMS   int64      `lua:"keep_ms"`
	Channel  string     `lua:"channel"`
	Messages []mail.Row `lua:"row"`
}

// Send puts messages into their players' mailboxes, each of which keeps the newest MailboxSize (256) for Config.MailboxKeep
// after the last one. A player who is connected gets the message at once, by NodeConfig.OnMessage of their node. Messages of
// a player keep their order.
//
// Redis gets them in steps of up to 128 messages and 256 KiB, two steps at once if there are more. After an error some may
// have been sent. To repeat the call, give each message a DedupKey.
//
// Errors: *matchq.InvalidError (nothing was sent), *matchq.ConfigError, matchq.ErrUnavailable.
func (p *Presence) Send(ctx context.Context, messages ...Message) error {
	rows := make([]mail.Row, len(messages))
	for i := range messages {
		msg := &messages[i]
		row, field, problem := mail.NewRow(msg.Player, msg.Event, msg.DedupKey, msg.Data)
		if problem != "" {
			return &matchq.InvalidError{Field: field, Problem: problem}
		}
		rows[i] = row
	}
	if len(rows) <= maxMessages {
		return p.sendInSteps(ctx, rows)
	}
	var lanes [2][]mail.Row // all messages of a player in one, in their order
	for _, row := range rows {
		lane := &lanes[shard(row.Player)%2]
		*lane = append(*lane, row)
	}
	var other error
	var sending sync.WaitGroup
	sending.Go(func() { other = p.sendInSteps(ctx, lanes[1]) })
	err := p.sendInSteps(ctx, lanes[0])
	sending.Wait()
	return cmp.Or(err, other)
}

// sendInSteps sends messages in their order.
func (p *Presence) sendInSteps(ctx context.Context, rows []mail.Row) error {
	for len(rows) > 0 {
		n, bytes := 0, 0
		for n < min(len(rows), maxMessages) && (n == 0 || bytes+len(rows[n].Data) <= mail.MaxCall) {
			bytes += len(rows[n].Data)
			n++
		}
		if err := p.send(ctx, rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

func (p *Presence) send(ctx context.Context, rows []mail.Row) error {
	r, err := sendScript.Call(ctx, p.space, sendArgs{
		KeepMS: p.cfg.MailboxKeep.Milliseconds(), Channel: p.space.Channel(""), Messages: rows,
	})
	if err != nil {
		return err
	}
	r.Number() // how many were new
	return r.Err
}

// Mailbox returns the messages to a player after one of them, oldest first, and whether that one is still there. If it is
// not, messages that came after it may be gone too. after is a Message.Seq, or "0-0" for all messages; any other text
// finds nothing.
//
// Errors: matchq.ErrUnavailable.
func (p *Presence) Mailbox(ctx context.Context, player, after string) (messages []Message, found bool, err error) {
	all, err := p.Mailboxes(ctx, MailboxRead{player, after})
	if err != nil {
		return nil, false, err
	}
	return all[0].Messages, all[0].Found, nil
}

// MailboxRead asks for the messages to a player after one of them, as Mailbox does.
type MailboxRead struct{ Player, After string }

// MailboxPart is the answer to a MailboxRead.
type MailboxPart struct {
	Messages []Message // oldest first
	Found    bool      // the message after which they came is still there
}

// Mailboxes is Mailbox for many players, in their order, with one round trip for each 32.
func (p *Presence) Mailboxes(ctx context.Context, reads ...MailboxRead) ([]MailboxPart, error) {
	parts := make([]MailboxPart, len(reads))
	var ranges []mailboxRange
	var places []int
	for i, read := range reads {
		if matchq.CheckName("player", read.Player) == nil && isSeq(read.After) { // else there is no such message
			ranges, places = append(ranges, mailboxRange{read.Player, read.After}), append(places, i)
		}
	}
	for len(ranges) > 0 {
		n := min(len(ranges), maxMailboxes)
		found, err := p.readMailboxes(ctx, ranges[:n])
		if err != nil {
			return nil, err
		}
		for k, messages := range found {
			part := &parts[places[k]]
			part.Found = len(messages) > 0 && messages[0].Seq == ranges[k].from
			if part.Messages = messages; part.Found {
				part.Messages = messages[1:]
			}
		}
		ranges, places = ranges[n:], places[n:]
	}
	return parts, nil
}

// maxMailboxes is how many mailboxes are read at once.
const maxMailboxes = 32

// mailboxRange is a player's mailbox from a message on, in words of XRANGE.
type mailboxRange struct{ player, from string }

// readMailboxes reads mailboxes in one round trip.
func (p *Presence) readMailboxes(ctx context.Context, ranges []mailboxRange) ([][]Message, error) {
	return space.Do(ctx, p.space, "read mailboxes", func(ctx context.Context, rdb redis.UniversalClient) ([][]Message, error) {
		pipe := rdb.Pipeline()
		reads := make([]*redis.XMessageSliceCmd, len(ranges))
		for i, r := range ranges {
			reads[i] = pipe.XRangeN(ctx, p.space.KeyOf(space.Mailbox, r.player), r.from, "+", MailboxSize)
		}
		_, err := pipe.Exec(ctx)
		all := make([][]Message, len(ranges))
		for i, r := range ranges {
			all[i] = mailboxMessages(r.player, reads[i].Val())
		}
		return all, err
	})
}

// mailboxMessages reads entries of a player's mailbox.
func mailboxMessages(player string, entries []redis.XMessage) []Message {
	messages := make([]Message, len(entries))
	for i, entry := range entries {
		event, _ := entry.Values["event"].(string)
		key, _ := entry.Values["key"].(string)
		data, _ := entry.Values["data"].(string)
		messages[i] = storedMessage(player, entry.ID, event, key, data)
	}
	return messages
}

// publishedMessage reads a line of the messages that came by a node's channel.
func publishedMessage(line string) (Message, error) {
	player, rest, _ := strings.Cut(line, "\t")
	seq, rest, _ := strings.Cut(rest, "\t")
	event, rest, _ := strings.Cut(rest, "\t")
	key, data, whole := strings.Cut(rest, "\t")
	if !whole || !isSeq(seq) {
		return Message{}, fmt.Errorf("matchq: a published message of %d bytes is not one", len(line))
	}
	return storedMessage(player, seq, event, key, data), nil
}

func storedMessage(player, seq, event, key, data string) Message {
	msg := Message{Player: player, Seq: seq, Event: event, DedupKey: key}
	if strings.HasPrefix(key, mail.OwnKey) {
		msg.DedupKey = ""
	}
	if data != "" {
		msg.Data = json.RawMessage(data)
	}
	return msg
}

// isSeq says whether a text is the id of a mailbox's entry.
func isSeq(seq string) bool { return len(seq) <= 41 && codec.IsEntryID(seq) }

// seqAfter says whether a message of a mailbox came after another one; every message came after "".
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
