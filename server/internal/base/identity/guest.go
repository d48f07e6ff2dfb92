package identity

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// GuestTTL is the lifetime of a guest's token.
const GuestTTL = 30 * time.Minute

// guestIssuer is the issuer of guests' tokens. Those of players may have any other.
const guestIssuer = "matchq-demo"

// guestLetters is the length of a guest's random name, at five bits a letter: no two guests have the same.
const guestLetters = 16

// Guest is a player of the demo.
type Guest struct {
	Player  string
	Token   string    // proves the identity; empty if no proof is needed
	Expires time.Time // of the token; zero without one
}

// NewGuest makes a guest. The random name keeps the token from being another player's.
func (g *Guard) NewGuest(now time.Time) (Guest, error) {
	guest := Guest{Player: "guest-" + strings.ToLower(rand.Text()[:guestLetters])}
	if g.IsOpen() {
		return guest, nil
	}
	guest.Expires = now.Add(GuestTTL).Truncate(time.Second) // tokens have whole seconds
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Issuer: guestIssuer, Subject: guest.Player, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(guest.Expires),
	}).SignedString(g.jwt)
	if err != nil {
		return Guest{}, fmt.Errorf("sign a guest's token: %w", err)
	}
	guest.Token = token
	return guest, nil
}
