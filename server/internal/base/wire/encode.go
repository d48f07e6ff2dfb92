package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Encode writes a payload. What it is given are our own types, which can be written. Attributes stay as long as they
// are: a message to a player has its limit.
func Encode(payload any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(payload); err != nil {
		panic(fmt.Sprintf("server: %T can't be written as JSON: %v", payload, err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
