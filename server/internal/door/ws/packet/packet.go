// Package packet encodes Socket.IO packets. Versions 4 (clients 2) and 5 (clients 3 and 4) of the protocol share the
// format: type, attachments, namespace, acknowledgement id, JSON. For example 2/sunapp,7["check_socket_id",{}] is the
// event check_socket_id in /sunapp, to be acknowledged as 7.
package packet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// Type is the type of a packet.
type Type byte

// The types.
const (
	Connect     Type = '0'
	Disconnect  Type = '1'
	Event       Type = '2'
	Ack         Type = '3'
	Error       Type = '4' // a refused Connect
	BinaryEvent Type = '5'
	BinaryAck   Type = '6'
)

// Root is the default namespace.
const Root = "/"

// Packet is one packet.
type Packet struct {
	Type        Type
	Attachments int    // binary frames that follow a BinaryEvent or BinaryAck
	Namespace   string // begins with /
	Query       string // of a Connect by a client 2: the part after the namespace's ?
	ID          string // digits; "" for no acknowledgement
	Data        json.RawMessage

	args []json.RawMessage // of a parsed event, its name first
}

const (
	maxID          = 16 // digits, as clients count with float64
	maxAttachments = 1000
)

// Parse parses a packet. An error is a violation of the protocol, after which a connection must be closed.
func Parse(text []byte) (Packet, error) {
	p := Packet{Namespace: Root}
	if len(text) == 0 {
		return p, errors.New("a packet without a type")
	}
	if p.Type = Type(text[0]); p.Type < Connect || p.Type > BinaryAck {
		return p, fmt.Errorf("unknown packet type %q", rune(text[0]))
	}
	if !utf8.Valid(text) {
		return p, errors.New("not UTF-8")
	}
	rest := text[1:]
	if p.Type >= BinaryEvent {
		count, after, found := bytes.Cut(rest, []byte("-"))
		n, err := strconv.Atoi(string(count))
		if !found || err != nil || n < 0 || n > maxAttachments {
			return p, errors.New("a binary packet must say how many attachments follow")
		}
		p.Attachments, rest = n, after
	}
	if len(rest) > 0 && rest[0] == '/' {
		name, after, _ := bytes.Cut(rest, []byte(","))
		p.Namespace, p.Query, _ = strings.Cut(string(name), "?")
		rest = after
	}
	digits := len(rest) - len(bytes.TrimLeft(rest, "0123456789"))
	if digits > maxID {
		return p, errors.New("the acknowledgement id is too large")
	}
	p.ID, rest = string(rest[:digits]), rest[digits:]
	if len(rest) > 0 && !json.Valid(rest) {
		return p, errors.New("the packet's data is not JSON")
	}
	p.Data = rest
	return p, p.checkData()
}

// checkData checks that the packet's data fits its type.
func (p *Packet) checkData() error {
	first := byte(0)
	if data := bytes.TrimLeft(p.Data, " \t\r\n"); len(data) > 0 {
		first = data[0]
	}
	switch p.Type {
	case Connect:
		if first != 0 && first != '{' {
			return errors.New("the data of a namespace's client must be a JSON object")
		}
	case Disconnect:
		if first != 0 {
			return errors.New("a client that leaves a namespace sends no data")
		}
	case Ack, BinaryAck:
		if first != 0 && first != '[' {
			return errors.New("an acknowledgement must be an array")
		}
	case Event, BinaryEvent:
		if json.Unmarshal(p.Data, &p.args) != nil || len(p.args) == 0 {
			return errors.New("an event must be an array that begins with its name")
		}
		if name := p.args[0][0]; name != '"' && name != '-' && (name < '0' || name > '9') {
			return errors.New("an event's name must be a string or a number")
		}
	case Error:
		return errors.New("only the server refuses namespaces")
	}
	return nil
}

// Encode encodes the packet as a message of the layer below, which begins with one byte for its type.
func (p *Packet) Encode(message byte) []byte {
	const others = 2 + 4 + maxID + len("-?,") // message and type, attachments, id
	size := others + len(p.Namespace) + len(p.Query) + len(p.Data)
	return p.Append(append(make([]byte, 0, size), message))
}

// Append appends the encoded packet.
func (p *Packet) Append(to []byte) []byte {
	to = append(to, byte(p.Type))
	if p.Type >= BinaryEvent {
		to = strconv.AppendInt(to, int64(p.Attachments), 10)
		to = append(to, '-')
	}
	if p.Namespace != Root || p.Query != "" {
		to = append(to, p.Namespace...)
		if p.Query != "" {
			to = append(append(to, '?'), p.Query...)
		}
		to = append(to, ',')
	}
	to = append(to, p.ID...)
	return append(to, p.Data...)
}

// Args returns a parsed event's name and its argument, nil for none or null. A number counts as a name, as it was
// written. An error means that this server does not take it.
func (p *Packet) Args() (event string, data json.RawMessage, err error) {
	if err := wire.CheckJSON(p.Data); err != nil {
		return "", nil, fmt.Errorf("the packet's data: %w", err)
	}
	event = string(p.args[0])
	if event[0] == '"' {
		_ = json.Unmarshal(p.args[0], &event) // it has been checked
	}
	switch {
	case len(p.args) > 2:
		return event, nil, errors.New("an event takes one argument, a JSON object")
	case len(p.args) == 1 || string(p.args[1]) == "null":
		return event, nil, nil
	case p.args[1][0] != '{':
		return event, nil, errors.New("an event's argument must be a JSON object")
	default:
		return event, p.args[1], nil
	}
}

// NewEvent makes an event. Its arguments are JSON.
func NewEvent(namespace, event string, args ...json.RawMessage) *Packet {
	size := len(`["",]`) + len(event)
	for _, arg := range args {
		size += len(`,`) + len(arg)
	}
	data := wire.AppendText(append(make([]byte, 0, size), '['), event)
	for _, arg := range args {
		data = append(append(data, ','), arg...)
	}
	return &Packet{Type: Event, Namespace: namespace, Data: append(data, ']')}
}

// NewAck makes the acknowledgement of a packet, with one argument.
func NewAck(of *Packet, arg json.RawMessage) *Packet {
	data := append(append(make([]byte, 0, len(arg)+len(`[]`)), '['), arg...)
	return &Packet{Type: Ack, Namespace: of.Namespace, ID: of.ID, Data: append(data, ']')}
}
