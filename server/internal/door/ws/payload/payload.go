// Package payload frames Engine.IO packets in the bodies of polling requests. Engine.IO 4 puts 0x1e between packets.
// Engine.IO 3 puts the length before each, as text or, by clients that send binary bodies, as bytes.
package payload

import (
	"bytes"
	"errors"
	"iter"
	"strconv"
	"unicode/utf8"
)

// Packet is an encoded packet. The first byte is its type.
type Packet struct {
	Data   []byte
	Binary bool
}

const (
	separator = 0x1e
	maxDigits = 9 // of a length
)

var (
	errEmpty     = errors.New("a body without packets")
	errLength    = errors.New("a packet without its length")
	errTruncated = errors.New("a packet that is shorter than its length")
)

// Split4 takes apart a body of Engine.IO 4.
func Split4(body []byte) iter.Seq2[Packet, error] {
	return func(yield func(Packet, error) bool) {
		for data := range bytes.SplitSeq(body, []byte{separator}) {
			if !yield(Packet{Data: data}, nil) {
				return
			}
		}
	}
}

// Join4 makes a body of Engine.IO 4.
func Join4(packets [][]byte) []byte { return bytes.Join(packets, []byte{separator}) }

// Split3 takes apart a text body of Engine.IO 3. The last item may be an error. wide is for clients that may have
// encoded their text twice: see decodeTwice.
func Split3(body []byte, wide bool) iter.Seq2[Packet, error] {
	return split(body, func(rest []byte) (p Packet, after []byte, err error) {
		digits, _, found := bytes.Cut(rest[:min(len(rest), maxDigits+1)], []byte(":"))
		length, ok := number(digits)
		if !found || !ok {
			return p, nil, errLength
		}
		text := rest[len(digits)+1:]
		size, ok := prefix(text, length)
		if !ok {
			return p, nil, errTruncated
		}
		p.Data, after = text[:size], text[size:]
		if wide {
			p.Data = decodeTwice(p.Data)
		}
		return p, after, nil
	})
}

// Split3Binary takes apart a binary body of Engine.IO 3: 0 for text or 1 for bytes, the digits of the length as numbers,
// 255, and the packet. The type of bytes is a number.
func Split3Binary(body []byte) iter.Seq2[Packet, error] {
	return split(body, func(rest []byte) (p Packet, after []byte, err error) {
		const endOfLength = 255
		p.Binary = rest[0] == 1
		digits, _, found := bytes.Cut(rest[1:min(len(rest), maxDigits+2)], []byte{endOfLength})
		length := 0
		for _, digit := range digits {
			if digit > 9 {
				found = false
			}
			length = length*10 + int(digit)
		}
		if !found || rest[0] > 1 || len(digits) == 0 {
			return p, nil, errLength
		}
		data := rest[len(digits)+2:]
		if length > len(data) {
			return p, nil, errTruncated
		}
		p.Data = data[:length]
		return p, data[length:], nil
	})
}

// split takes packets off a body with next, until none is left or one is malformed.
func split(body []byte, next func(rest []byte) (p Packet, after []byte, err error)) iter.Seq2[Packet, error] {
	return func(yield func(Packet, error) bool) {
		if len(body) == 0 {
			yield(Packet{}, errEmpty)
		}
		for rest := body; len(rest) > 0; {
			p, after, err := next(rest)
			if !yield(p, err) || err != nil {
				return
			}
			rest = after
		}
	}
}

// number reads a length.
func number(digits []byte) (n int, ok bool) {
	for _, digit := range digits {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		n = n*10 + int(digit-'0')
	}
	return n, len(digits) > 0
}

// prefix returns the bytes of the first UTF-16 units of a text. That is how clients count.
func prefix(text []byte, units int) (size int, ok bool) {
	for units > 0 {
		r, width := utf8.DecodeRune(text[size:])
		if r == utf8.RuneError && width <= 1 {
			return 0, false
		}
		size += width
		units -= unitsOf(r)
	}
	return size, units == 0
}

// unitsOf is 2 for runes of two UTF-16 units.
func unitsOf(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}

// decodeTwice decodes text that was encoded as UTF-8 twice. Clients 1 send it so if they have no binary bodies; it can't be
// told from text of other clients in which each character beyond ASCII is one of Latin-1, and all together are UTF-8.
func decodeTwice(packet []byte) []byte {
	once := make([]byte, 0, len(packet))
	for _, r := range string(packet) {
		if r > 0xff {
			return packet
		}
		once = append(once, byte(r))
	}
	if !utf8.Valid(once) {
		return packet
	}
	return once
}

// Join3 makes a text body of Engine.IO 3. It writes JSON in ASCII, since clients 1 and 2 decode other text differently.
func Join3(packets [][]byte) []byte {
	var body []byte
	for _, packet := range packets {
		packet = escape(packet)
		length := 0
		for _, r := range string(packet) {
			length += unitsOf(r)
		}
		body = append(strconv.AppendInt(body, int64(length), 10), ':')
		body = append(body, packet...)
	}
	return body
}
