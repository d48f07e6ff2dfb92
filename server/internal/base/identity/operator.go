package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// SessionTTL is the lifetime of an operator's session.
const SessionTTL = 12 * time.Hour

// HasAdmin reports whether there is an admin token.
func (g *Guard) HasAdmin() bool { return g.admin.set }

// IsAdmin reports whether a token is the admin token.
func (g *Guard) IsAdmin(token string) bool { return g.admin.is(token) }

// NewSession makes the proof of an operator's session, "<unix seconds>.<signature>". Every node with the same admin
// token accepts it, so nothing is stored; another admin token ends all sessions.
func (g *Guard) NewSession(until time.Time) string {
	end := strconv.FormatInt(until.Unix(), 10)
	return end + "." + g.sign(end)
}

// IsSession reports whether NewSession made a session and it has not ended.
func (g *Guard) IsSession(session string, now time.Time) bool {
	end, signature, _ := strings.Cut(session, ".")
	seconds, err := strconv.ParseInt(end, 10, 64)
	return g.admin.set && err == nil && hmac.Equal([]byte(signature), []byte(g.sign(end))) && now.Unix() < seconds
}

func (g *Guard) sign(end string) string {
	mac := hmac.New(sha256.New, g.admin.sum[:])
	mac.Write([]byte("matchq operator session until " + end))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
