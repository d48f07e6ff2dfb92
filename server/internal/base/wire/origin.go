package wire

import (
	"strings"

	"github.com/matchq/matchq/matchq"
)

// Origin has the facts that a ticket keeps of the client that asked for it, so that any node can answer in the client's words. It
// is stored in matchq.Request.ReplyTo, e.g. "ns.d0f5…": the player's id was a number, the queue's a string.
type Origin struct {
	PlayerNumber, QueueNumber bool   // the client wrote the id as an integer
	SID                       string // of the client's connection; empty if the ticket came by HTTP
}

// Encode writes the origin.
func (o Origin) Encode() string {
	return kind(o.PlayerNumber) + kind(o.QueueNumber) + "." + o.SID
}

func kind(number bool) string {
	if number {
		return "n"
	}
	return "s"
}

// OriginOf reads the origin of a ticket; the zero Origin if this server did not make the ticket.
func OriginOf(t *matchq.Ticket) Origin {
	kinds, sid, ok := strings.Cut(t.ReplyTo, ".")
	if !ok || len(kinds) != 2 {
		return Origin{}
	}
	return Origin{PlayerNumber: kinds[0] == 'n', QueueNumber: kinds[1] == 'n', SID: sid}
}

// ByConnection reports whether the client asked by a connection, which then gets the news of the ticket.
func (o Origin) ByConnection() bool { return o.SID != "" }

// PlayerID is the id of a ticket's player as that player writes it.
func PlayerID(t *matchq.Ticket) ID { return ID{t.Player, OriginOf(t).PlayerNumber} }

// QueueID is the id of a ticket's queue as its player writes it.
func QueueID(t *matchq.Ticket) ID { return ID{t.Queue, OriginOf(t).QueueNumber} }
