// Package identity verifies the identity of clients and operators.
package identity

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// Identity is the proven identity of a client.
type Identity struct {
	Player  string    // the client acts for; "" if the proof names none
	Trusted bool      // has the API key and acts for any player
	Guest   bool      // of the demo, which lets in everybody
	Expires time.Time // end of the proof; zero for never
}

// ActAs returns the player of a request that names one, or "" for none. Another player than the proof's is an error, a
// *wire.Error.
func (id Identity) ActAs(named string) (string, error) {
	switch {
	case id.Player == "" || named == id.Player:
		return named, nil
	case named == "":
		return id.Player, nil
	default:
		return "", wire.Errorf(wire.CodeForbidden, "the token is another player's")
	}
}

// Options are the secrets. Each may be empty.
type Options struct {
	JWTSecret  string // HS256 key of the players' tokens
	APIKey     string // of backends that act for anyone
	AdminToken string // of operators
}

// Guard verifies proofs. Without secrets it believes every client, which is for development; the zero Guard has none.
type Guard struct {
	jwt        []byte
	key, admin secret
}

// Minimum lengths. An HS256 key must be as long as its hash; the other secrets must not be guessable.
const (
	minJWTSecret = 32
	minSecret    = 16
)

// New makes a Guard. The error names the unusable secret without showing it.
func New(o Options) (*Guard, error) {
	owner := map[string]string{}
	for _, s := range []struct {
		flag, value string
		least       int
	}{{"--jwt-secret", o.JWTSecret, minJWTSecret}, {"--api-key", o.APIKey, minSecret}, {"--admin-token", o.AdminToken, minSecret}} {
		switch {
		case s.value == "":
		case len(s.value) < s.least:
			return nil, fmt.Errorf("%s must have at least %d bytes, such as openssl rand -base64 %d makes, not %d", s.flag, s.least, s.least, len(s.value))
		case owner[s.value] != "":
			return nil, fmt.Errorf("%s must not be the same as %s", s.flag, owner[s.value])
		default:
			owner[s.value] = s.flag
		}
	}
	return &Guard{jwt: []byte(o.JWTSecret), key: newSecret(o.APIKey), admin: newSecret(o.AdminToken)}, nil
}

// IsOpen reports whether players need no proof.
func (g *Guard) IsOpen() bool { return len(g.jwt) == 0 }

// MayRead reports whether an identity may read data of players.
func (g *Guard) MayRead(id Identity, players ...string) bool {
	return g.IsOpen() || id.Trusted || slices.Contains(players, id.Player)
}

// OfRequest verifies the proof of a request for a connection: Authorization, or ?token= since browsers can't set a
// header there. Errors are *wire.Error.
func (g *Guard) OfRequest(r *http.Request) (Identity, error) {
	return g.read(r, true, g.IsOpen())
}

// OfCall verifies the proof of an HTTP call: Authorization only, since URLs end up in logs and histories. With an API
// key the proof is required. Errors are *wire.Error.
func (g *Guard) OfCall(r *http.Request) (Identity, error) {
	return g.read(r, false, g.IsOpen() && !g.key.set)
}

// OfStream is OfCall for event streams. Browsers can't set a header there either, so ?token= counts too.
func (g *Guard) OfStream(r *http.Request) (Identity, error) {
	return g.read(r, true, g.IsOpen() && !g.key.set)
}

// read verifies the proof of a request.
func (g *Guard) read(r *http.Request, inAddress, optional bool) (Identity, error) {
	if g.IsOpen() && !g.key.set {
		return Identity{}, nil // the header may be meant for a proxy
	}
	token, err := bearer(r)
	if err != nil {
		return Identity{}, err
	}
	if token == "" && inAddress {
		token = r.URL.Query().Get("token")
	}
	if token == "" && !optional {
		return Identity{}, unauthorized("this needs a token or an API key, as Authorization: Bearer")
	}
	return g.OfToken(token)
}

// OfToken verifies a token or an API key; "" is none. Errors are *wire.Error.
func (g *Guard) OfToken(token string) (Identity, error) {
	switch {
	case g.key.is(token):
		return Identity{Trusted: true}, nil
	case token == "" && g.IsOpen(), g.IsOpen() && !g.key.set:
		return Identity{}, nil
	case token == "":
		return Identity{}, unauthorized("a token is needed, as Authorization: Bearer")
	case g.IsOpen():
		return Identity{}, unauthorized("the API key is wrong")
	default:
		return g.ofJWT(token)
	}
}

// bearer returns the token of Authorization, "" if there is none.
func bearer(r *http.Request) (string, error) {
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		return "", nil
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.TrimSpace(token)
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", unauthorized("Authorization must be given once, as Bearer and a token")
	}
	return token, nil
}

func unauthorized(why string) error { return wire.Errorf(wire.CodeUnauthorized, "%s", why) }

// secret is compared in constant time.
type secret struct {
	set bool
	sum [sha256.Size]byte
}

func newSecret(value string) secret { return secret{value != "", sha256.Sum256([]byte(value))} }

func (s *secret) is(value string) bool {
	sum := sha256.Sum256([]byte(value))
	return s.set && subtle.ConstantTimeCompare(s.sum[:], sum[:]) == 1
}
