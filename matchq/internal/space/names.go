package space

import (
	"encoding/base64"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/rs/xid"
)

// MaxName is how many bytes the name of a queue, a player or the like may have.
const MaxName = 128

// NameProblem is why a text is not a name, "" if it is one.
func NameProblem(name string) string {
	switch {
	case name == "":
		return "must not be empty"
	case len(name) > MaxName:
		return fmt.Sprintf("must be at most %d bytes, not %d", MaxName, len(name))
	case !utf8.ValidString(name):
		return "must be UTF-8"
	case name == "." || name == "..":
		return `must not be "." or ".."`
	}
	for _, r := range name {
		if unicode.IsControl(r) {
			return "must not contain control characters"
		}
	}
	return ""
}

// NewID makes a unique id, greater than those made in the seconds before. It is an xid in base64 rather than in
// base32: each of the 4 bytes it saves stands in Redis up to three times.
func NewID() string { return idEncoding.EncodeToString(xid.New().Bytes()) }

// idEncoding is base64 with an alphabet in ASCII order, so that ids sort as their bytes do.
var idEncoding = base64.NewEncoding("-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz").WithPadding(base64.NoPadding)

// Hash makes a number of a name, so that names spread evenly over the numbers (FNV-1a, 32 bit).
func Hash(name string) uint32 {
	hash := uint32(2166136261)
	for i := range len(name) {
		hash = (hash ^ uint32(name[i])) * 16777619
	}
	return hash
}

// IDProblem describes the fault of a ticket's id, "" if it has none.
func IDProblem(id string, longest int) string {
	if len(id) == 0 || len(id) > longest {
		return fmt.Sprintf("must be 1 to %d characters", longest)
	}
	for i := range len(id) {
		c := id[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return "must be letters, digits, - and _"
		}
	}
	return ""
}
