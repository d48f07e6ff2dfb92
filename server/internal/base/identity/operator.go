package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// SessionTTL is how long an operator's session lasts.
const SessionTTL = 12 * time.Hour

// HasAdmin says whether operators have a token.
func (g *Guard) HasAdmin() bool { return g.admin.set }

// IsAdmin says whether a token is the operators'.
func (g *Guard) IsAdmin(token string) bool { return g.admin.is(token) }

// NewSession proves until some time that its owner had the operators' token, "<unix seconds>.<signature>". Every node
// with the same token accepts it; there is nothing to store, and a new token ends all sessions.
func (g *Guard) NewSession(until time.Time) string {
	end := strconv.FormatInt(until.Unix(), 10)
	return end + "." + g.sign(end)
}

// IsSession says whether a session was made by NewSession and lasts.
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
