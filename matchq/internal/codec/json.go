package codec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// CompactJSON takes the white space out of JSON, so that no tab or newline is left in it. The problem is why it can't be
// stored, "" if it can. Nil is "".
func CompactJSON(data json.RawMessage, limit int) (text, problem string) {
	if len(data) == 0 {
		return "", ""
	}
	var b bytes.Buffer
	if !utf8.Valid(data) || json.Compact(&b, data) != nil {
		return "", "must be JSON"
	}
	if b.Len() > limit {
		return "", fmt.Sprintf("must be at most %d bytes of compact JSON, not %d", limit, b.Len())
	}
	return b.String(), ""
}
