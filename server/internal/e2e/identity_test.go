package e2e_test

import (
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// The secrets of guarded nodes.
const (
	jwtSecret  = "jwt-secret-of-thirty-two-bytes-00"
	apiKey     = "api-key-of-sixteen-bytes"
	adminToken = "admin-token-of-sixteen-bytes"
)

// guarded returns the flags of a node with all secrets.
func guarded(args ...string) []string {
	return append([]string{"--jwt-secret", jwtSecret, "--api-key", apiKey, "--admin-token", adminToken, "--interval", "1h"}, args...)
}

// tokenOf returns a player's token that lasts as long as a test.
func tokenOf(t *testing.T, player string) string {
	return tokenUntil(t, player, time.Now().Add(time.Hour))
}

func tokenUntil(t *testing.T, player string, until time.Time) string {
	t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": player, "exp": until.Unix()}).SignedString([]byte(jwtSecret))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// as makes a request with a token.
func (n *testNode) as(token, method, path, body string, headers ...string) response {
	n.t.Helper()
	return n.call(method, path, body, append([]string{"Authorization", "Bearer " + token}, headers...)...)
}
