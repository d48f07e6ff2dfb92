package identity

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// GuestTTL is how long a guest's token lasts.
const GuestTTL = 30 * time.Minute

// guestLetters make a name that nobody has by chance: five bits each.
const guestLetters = 16

// Guest is somebody who wants to play without being known.
type Guest struct {
	Player  string
	Token   string    // proves it; empty where nobody has to prove anything
	Expires time.Time // when the token ends; zero without one
}

// NewGuest makes a guest, under a name that nobody can choose: a token must not be one of another player.
func (g *Guard) NewGuest(now time.Time) (Guest, error) {
	guest := Guest{Player: "guest-" + strings.ToLower(rand.Text()[:guestLetters])}
	if g.IsOpen() {
		return guest, nil
	}
	guest.Expires = now.Add(GuestTTL).Truncate(time.Second) // as tokens write it
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Subject: guest.Player, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(guest.Expires),
	}).SignedString(g.jwt)
	if err != nil {
		return Guest{}, fmt.Errorf("sign a guest's token: %w", err)
	}
	guest.Token = token
	return guest, nil
}
