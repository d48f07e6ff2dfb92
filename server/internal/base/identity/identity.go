// Package identity says who a client is, as far as that was proven.
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

// Identity is what a client has proven.
type Identity struct {
	Player  string    // whom it acts for; "" if nothing says so yet
	Trusted bool      // it has the API key and acts for anyone
	Expires time.Time // when the proof ends; zero if it never does
}

// ActAs is the player that a request acts for, given the one that it names, "" if none. The error is a *wire.Error: what
// differs is refused and never ignored.
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

// Options are the secrets; each may be empty.
type Options struct {
	JWTSecret  string // HS256 key of the players' tokens
	APIKey     string // of backends that act for anyone
	AdminToken string // of operators
}

// Guard tells who clients are. Without secrets everybody is who they say they are, which is for development; the zero
// Guard has none.
type Guard struct {
	jwt        []byte
	key, admin secret
}

// The least lengths of secrets: HS256 wants a key as long as its hash, the others must not be guessed.
const (
	minJWTSecret = 32
	minSecret    = 16
)

// New makes a Guard. The error says which secret can't be used, without showing it.
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

// IsOpen says whether clients are believed who prove nothing.
func (g *Guard) IsOpen() bool { return len(g.jwt) == 0 }

// MayRead says whether an identity reads what belongs to some players.
func (g *Guard) MayRead(id Identity, players ...string) bool {
	return g.IsOpen() || id.Trusted || slices.Contains(players, id.Player)
}

// OfRequest reads the proof that the request for a connection carries, in Authorization or, since browsers can't set
// that, as ?token=. The error is a *wire.Error.
func (g *Guard) OfRequest(r *http.Request) (Identity, error) {
	return g.read(r, true, g.IsOpen())
}

// OfCall reads the proof that an HTTP call carries, in Authorization only: addresses end up in logs and histories.
// A server with an API key takes no calls without proof. The error is a *wire.Error.
func (g *Guard) OfCall(r *http.Request) (Identity, error) {
	return g.read(r, false, g.IsOpen() && !g.key.set)
}

// OfStream is OfCall for event streams, which browsers can't give an Authorization either.
func (g *Guard) OfStream(r *http.Request) (Identity, error) {
	return g.read(r, true, g.IsOpen() && !g.key.set)
}

// read reads the proof of a request, which may have none if that is optional.
func (g *Guard) read(r *http.Request, inAddress, optional bool) (Identity, error) {
	if g.IsOpen() && !g.key.set {
		return Identity{}, nil // what it carries may be for somebody else, such as a proxy
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

// OfToken reads a token or an API key; "" is none. The error is a *wire.Error.
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

// bearer is the token of Authorization, "" if the request has none.
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

// secret is compared in a time that tells nothing about it.
type secret struct {
	set bool
	sum [sha256.Size]byte
}

func newSecret(value string) secret { return secret{value != "", sha256.Sum256([]byte(value))} }

func (s *secret) is(value string) bool {
	sum := sha256.Sum256([]byte(value))
	return s.set && subtle.ConstantTimeCompare(s.sum[:], sum[:]) == 1
}
