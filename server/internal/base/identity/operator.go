package identity

import (
	"crypto/hmac"
	"crypto/rand"
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

// Session is an operator's session.
type Session struct {
	ID   string // random
	Ends time.Time
}

// NewSession makes the proof of a new session, "<unix seconds>.<id>.<signature>". Every node with the same admin token
// accepts it until it ends; another admin token ends all sessions.
func (g *Guard) NewSession(until time.Time) string {
	claims := strconv.FormatInt(until.Unix(), 10) + "." + rand.Text()
	return claims + "." + g.sign(claims)
}

// SessionOf returns the session that NewSession made a proof of. It is not ok if the session has ended by its time.
func (g *Guard) SessionOf(proof string, now time.Time) (s Session, ok bool) {
	end, rest, _ := strings.Cut(proof, ".")
	id, signature, _ := strings.Cut(rest, ".")
	seconds, err := strconv.ParseInt(end, 10, 64)
	if !g.admin.set || err != nil || !hmac.Equal([]byte(signature), []byte(g.sign(end+"."+id))) || now.Unix() >= seconds {
		return Session{}, false
	}
	return Session{id, time.Unix(seconds, 0)}, true
}

func (g *Guard) sign(claims string) string {
	mac := hmac.New(sha256.New, g.admin.sum[:])
	mac.Write([]byte("matchq operator session until " + claims))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
