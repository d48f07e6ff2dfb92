package wire

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// Encode encodes a payload of our own types, which can't fail. It does not escape HTML, since messages have a size
// limit.
func Encode(payload any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(payload); err != nil {
		panic(fmt.Sprintf("server: %T can't be encoded as JSON: %v", payload, err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// AppendText appends a text as JSON. What is no valid Unicode becomes U+FFFD.
func AppendText(to []byte, text string) []byte {
	to, _ = jsontext.AppendQuote(to, text) // the error names the replaced text
	return to
}
