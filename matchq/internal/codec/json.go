package codec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxDepth is how many levels of arrays and objects a ticket's attributes may have. Other players' clients read them, and
// some JSON readers end their program at a few hundred levels.
const MaxDepth = 32

// maxShown is how many bytes of a bad text an error shows.
const maxShown = 120

// decoders are reused: a new decoder allocates about 1 KB.
var decoders = sync.Pool{New: func() any { return jsontext.NewDecoder(new(bytes.Buffer)) }}

// JSONProblem is why data is not a JSON value that all readers understand alike, "" if it is one. Text must be valid
// Unicode, escapes too. An object has each key once. A float64 can hold each number.
func JSONProblem(data []byte, depth int) string {
	if isPlain(data, depth) && jsontext.Value(data).IsValid() {
		return ""
	}
	return problemByTokens(data, depth)
}

// isPlain says that JSON has neither too many levels nor a number beyond float64. It doesn't read the JSON: in doubt
// the JSON is not plain.
func isPlain(data []byte, depth int) bool {
	if bytes.Count(data, []byte{'['})+bytes.Count(data, []byte{'{'}) > depth {
		return false
	}
	digits := 0
	for _, c := range data {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case digits > 0 && (c == 'e' || c == 'E'):
			return false // it may be an exponent
		default:
			digits = 0
		}
		if digits > maxPlainDigits {
			return false
		}
	}
	return true
}

// maxPlainDigits is how many digits no float64 is too small for: the largest has 309.
const maxPlainDigits = 300

// problemByTokens finds the problem. It takes several times as long as looking whether there is one.
func problemByTokens(data []byte, depth int) string {
	d, _ := decoders.Get().(*jsontext.Decoder)
	defer decoders.Put(d)
	d.Reset(bytes.NewBuffer(data))
	for ended := false; ; ended = d.StackDepth() == 0 {
		token, err := d.ReadToken()
		switch {
		case ended && errors.Is(err, io.EOF):
			return ""
		case ended:
			return "must be one JSON value, without trailing data"
		case err != nil:
			return "must be JSON: " + shorten(strings.TrimPrefix(err.Error(), "jsontext: "))
		case d.StackDepth() > depth:
			return fmt.Sprintf("must be at most %d levels deep", depth)
		case token.Kind() == '0' && isInfinite(token.String()):
			return "must have finite numbers, not " + shorten(token.String())
		}
	}
}

func isInfinite(number string) bool {
	_, err := strconv.ParseFloat(number, 64)
	return err != nil
}

// CompactJSON takes the white space out of JSON, so that no tab or newline is left in it. The problem is why it can't be
// stored, "" if it can. Nil is "".
func CompactJSON(data json.RawMessage, limit, depth int) (text, problem string) {
	if len(data) == 0 {
		return "", ""
	}
	var buffer [512]byte
	compact, err := jsontext.AppendFormat(buffer[:0], data, jsontext.PreserveRawStrings(true))
	if err != nil || !isPlain(compact, depth) {
		if problem := problemByTokens(data, depth); problem != "" {
			return "", problem
		}
		if err != nil {
			return "", "must be JSON"
		}
	}
	if len(compact) > limit {
		return "", fmt.Sprintf("must be at most %d bytes of compact JSON, not %d", limit, len(compact))
	}
	return string(compact), ""
}

func shorten(text string) string {
	if len(text) > maxShown {
		return strings.ToValidUTF8(text[:maxShown], "") + "…"
	}
	return text
}
