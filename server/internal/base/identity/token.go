package identity

import (
	"errors"

	"github.com/golang-jwt/jwt/v5"

	"github.com/matchq/matchq/matchq"
)

// parser accepts only tokens that this server's secret can have signed, whatever a token says of itself.
var parser = jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithExpirationRequired())

// ofJWT verifies a player's token. Its errors are our own, because the parser's may quote the token.
func (g *Guard) ofJWT(token string) (Identity, error) {
	var claims jwt.RegisteredClaims
	_, err := parser.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return g.jwt, nil })
	if err != nil {
		return Identity{}, unauthorized(problem(err))
	}
	if invalid, ok := errors.AsType[*matchq.InvalidError](matchq.CheckName("sub", claims.Subject)); ok {
		return Identity{}, unauthorized("the token's sub " + invalid.Problem)
	}
	return Identity{Player: claims.Subject, Guest: claims.Issuer == guestIssuer, Expires: claims.ExpiresAt.Time}, nil
}

func problem(err error) string {
	switch {
	case errors.Is(err, jwt.ErrTokenMalformed):
		return "the token is no JWT, or its claims have wrong types"
	case errors.Is(err, jwt.ErrTokenSignatureInvalid), errors.Is(err, jwt.ErrTokenUnverifiable):
		return "the token is not signed by HS256 with this server's secret"
	case errors.Is(err, jwt.ErrTokenExpired):
		return "the token has expired"
	case errors.Is(err, jwt.ErrTokenNotValidYet):
		return "the token is not valid yet"
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return "the token must have exp"
	default:
		return "the token is not valid"
	}
}
