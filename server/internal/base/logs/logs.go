// Package logs makes the server's log. Its records hold names and addresses that strangers choose, so it shows no
// character that could forge a line, steer a terminal or turn text around.
package logs

import (
	"io"
	"log/slog"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// New makes a log that writes to w, as text for a terminal or as JSON.
func New(w io.Writer, text bool, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if text {
		return slog.New(slog.NewTextHandler(escaper{w}, options))
	}
	return slog.New(slog.NewJSONHandler(escaper{w}, options))
}

// escaper escapes unprintable characters. As JSON slog does so below U+0020 only, and leaves DEL, C1 controls and the
// controls of text direction; as text it leaves DEL. In JSON they can stand in strings only, where an escape means the
// same.
type escaper struct{ to io.Writer }

// Write writes one record.
func (e escaper) Write(record []byte) (int, error) {
	escaped := record
	for i, r := range string(record) {
		if r != '\n' && !unicode.IsPrint(r) {
			escaped = escape(record, i)
			break
		}
	}
	if _, err := e.to.Write(escaped); err != nil {
		return 0, err
	}
	return len(record), nil
}

// escape copies a record whose first characters, up to a place, need no escape.
func escape(record []byte, from int) []byte {
	out := append(make([]byte, 0, len(record)+32), record[:from]...)
	for _, r := range string(record[from:]) {
		switch {
		case r == '\n' || unicode.IsPrint(r):
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = appendEscape(appendEscape(out, high), low)
		default:
			out = appendEscape(out, r)
		}
	}
	return out
}

func appendEscape(to []byte, unit rune) []byte {
	const hex = "0123456789abcdef"
	return append(to, '\\', 'u', hex[unit>>12&15], hex[unit>>8&15], hex[unit>>4&15], hex[unit&15])
}
