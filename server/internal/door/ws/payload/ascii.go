package payload

import (
	"bytes"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// escape writes the JSON of a packet in ASCII: text beyond it is in strings only, and may be written as \u there. What comes
// before the JSON, such as a namespace, stays as it is.
func escape(packet []byte) []byte {
	begin := bytes.IndexAny(packet, `[{"`)
	if begin < 0 || isASCII(packet) {
		return packet
	}
	escaped := bytes.Clone(packet[:begin])
	for _, r := range string(packet[begin:]) {
		switch {
		case r < utf8.RuneSelf:
			escaped = append(escaped, byte(r))
		case unitsOf(r) == 1:
			escaped = fmt.Appendf(escaped, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			escaped = fmt.Appendf(escaped, `\u%04x\u%04x`, high, low)
		}
	}
	return escaped
}

func isASCII(text []byte) bool {
	for _, b := range text {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
