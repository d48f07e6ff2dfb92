package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// leeway is how far the clock of a token's issuer may be ahead. It is for nbf and iat: a token ends at its exp.
const leeway = 5 * time.Second

// parser accepts only tokens that this server's secret can have signed, and ignores a token's own statements about that.
var parser = jwt.NewParser(
	jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithStrictDecoding(),
	jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway),
)

// ofJWT verifies a player's token. Its errors are our own, because the parser's may quote the token.
func (g *Guard) ofJWT(token string) (Identity, error) {
	var c claims
	err := checkHeader(token)
	if err == nil {
		_, err = parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return g.jwt, nil })
	}
	if err != nil {
		return Identity{}, unauthorized(problem(err))
	}
	if invalid, ok := errors.AsType[*matchq.InvalidError](matchq.CheckName("sub", c.Subject)); ok {
		return Identity{}, unauthorized("the token's sub " + invalid.Problem)
	}
	return Identity{Player: c.Subject, Guest: c.Issuer == guestIssuer, Expires: c.ExpiresAt.Time}, nil
}

// errCritical says that a token must not be accepted without an extension of JWT. This server has none.
var errCritical = errors.New("the token needs an extension")

// checkHeader decodes a token's header strictly, which the parser does not do: it takes the last of two alg, for
// instance. It refuses line breaks as well, which the parser skips.
func checkHeader(token string) error {
	encoded, _, _ := strings.Cut(token, ".")
	text, err := parser.DecodeSegment(encoded)
	if err != nil || strings.ContainsAny(token, "\r\n") {
		return jwt.ErrTokenMalformed
	}
	var header struct {
		Algorithm string          `json:"alg"`
		Type      string          `json:"typ"`
		Critical  json.RawMessage `json:"crit"`
	}
	if err := wire.DecodeLenient(text, &header); err != nil {
		return fmt.Errorf("%w: %w", jwt.ErrTokenMalformed, err)
	}
	if header.Critical != nil {
		return errCritical
	}
	return nil
}

// claims are a token's claims, decoded strictly.
type claims struct{ jwt.RegisteredClaims }

// UnmarshalJSON takes each claim under its exact name, once, and with its own type.
func (c *claims) UnmarshalJSON(data []byte) error {
	var text struct {
		Issuer    string           `json:"iss"`
		Subject   string           `json:"sub"`
		Audience  jwt.ClaimStrings `json:"aud"`
		ExpiresAt *float64         `json:"exp"`
		NotBefore *float64         `json:"nbf"`
		IssuedAt  *float64         `json:"iat"`
		ID        string           `json:"jti"`
	}
	if err := wire.DecodeLenient(data, &text); err != nil {
		return err
	}
	c.Issuer, c.Subject, c.Audience, c.ID = text.Issuer, text.Subject, text.Audience, text.ID
	for _, at := range []struct {
		to      **jwt.NumericDate
		seconds *float64
	}{{&c.ExpiresAt, text.ExpiresAt}, {&c.NotBefore, text.NotBefore}, {&c.IssuedAt, text.IssuedAt}} {
		if at.seconds == nil {
			continue
		}
		if *at.seconds < 0 || *at.seconds > maxTime {
			return errors.New("a time is out of range")
		}
		*at.to = jwt.NewNumericDate(time.Unix(int64(*at.seconds), 0))
	}
	return nil
}

// maxTime is the largest time of a token, in seconds. Larger ones do not fit time.Time.
const maxTime = 1 << 53

// Validate takes the leeway back from exp.
func (c *claims) Validate() error {
	if c.ExpiresAt != nil && !time.Now().Before(c.ExpiresAt.Time) {
		return jwt.ErrTokenExpired
	}
	return nil
}

func problem(err error) string {
	switch {
	case errors.Is(err, jwt.ErrTokenMalformed):
		return "the token is no JWT, or a claim is given twice, has a wrong type or is not valid Unicode"
	case errors.Is(err, jwt.ErrTokenSignatureInvalid), errors.Is(err, jwt.ErrTokenUnverifiable):
		return "the token is not signed by HS256 with this server's secret"
	case errors.Is(err, jwt.ErrTokenExpired):
		return "the token has expired"
	case errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return "the token is not valid yet: compare the clocks of its issuer and this server"
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return "the token must have exp"
	case errors.Is(err, errCritical):
		return "the token has crit: this server knows no extensions"
	default:
		return "the token is not valid"
	}
}
