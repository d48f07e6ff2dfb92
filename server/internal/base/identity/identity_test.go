package identity_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/wire"
)

const (
	jwtSecret  = "jwt-secret-of-thirty-two-bytes-00"
	apiKey     = "api-key-of-sixteen-bytes"
	adminToken = "admin-token-of-sixteen-bytes"
)

func guard(t *testing.T, o identity.Options) *identity.Guard {
	t.Helper()
	g, err := identity.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func sign(t *testing.T, method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestTokens(t *testing.T) {
	g := guard(t, identity.Options{JWTSecret: jwtSecret, APIKey: apiKey})
	soon, past := time.Now().Add(time.Hour).Truncate(time.Second), time.Now().Add(-time.Second).Unix()
	hs256 := func(claims jwt.MapClaims) string { return sign(t, jwt.SigningMethodHS256, []byte(jwtSecret), claims) }
	good := jwt.MapClaims{"sub": "alice", "exp": soon.Unix()}
	id, err := g.OfToken(hs256(good))
	if err != nil || id != (identity.Identity{Player: "alice", Expires: soon}) {
		t.Fatalf("%+v, %v", id, err)
	}
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(hs256(good), ".")
	for name, token := range map[string]string{
		"none":              sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good),
		"no signature":      parts[0] + "." + parts[1] + ".",
		"RS256":             sign(t, jwt.SigningMethodRS256, rs, good),
		"HS384":             sign(t, jwt.SigningMethodHS384, []byte(jwtSecret), good),
		"another secret":    sign(t, jwt.SigningMethodHS256, []byte(strings.Repeat("x", 32)), good),
		"the API key's":     sign(t, jwt.SigningMethodHS256, []byte(apiKey), good),
		"changed":           parts[0] + "." + strings.Split(hs256(jwt.MapClaims{"sub": "bob", "exp": soon.Unix()}), ".")[1] + "." + parts[2],
		"expired":           hs256(jwt.MapClaims{"sub": "alice", "exp": past}),
		"without exp":       hs256(jwt.MapClaims{"sub": "alice"}),
		"not before":        hs256(jwt.MapClaims{"sub": "alice", "exp": soon.Unix(), "nbf": soon.Unix()}),
		"without sub":       hs256(jwt.MapClaims{"exp": soon.Unix()}),
		"sub a number":      hs256(jwt.MapClaims{"sub": 17, "exp": soon.Unix()}),
		"sub too long":      hs256(jwt.MapClaims{"sub": strings.Repeat("x", 129), "exp": soon.Unix()}),
		"sub with controls": hs256(jwt.MapClaims{"sub": "a\n", "exp": soon.Unix()}),
		"exp a text":        hs256(jwt.MapClaims{"sub": "alice", "exp": "later"}),
		"null":              parts[0] + ".bnVsbA." + parts[2],
		"garbage":           "garbage",
		"dots":              "..",
		"nothing":           "",
		"nearly the key":    apiKey + "x",
	} {
		id, err := g.OfToken(token)
		var f *wire.Error
		if !errors.As(err, &f) || f.Code != wire.CodeUnauthorized || id != (identity.Identity{}) {
			t.Errorf("%s: %+v, %v", name, id, err)
		} else if token != "" && strings.Contains(f.Error(), token) || errors.Unwrap(f) != nil {
			t.Errorf("%s: the error may show the token: %v", name, f)
		}
	}
}

func TestWhereProofIsRead(t *testing.T) {
	token := sign(t, jwt.SigningMethodHS256, []byte(jwtSecret), jwt.MapClaims{"sub": "alice", "exp": time.Now().Add(time.Hour).Unix()})
	type want struct{ call, stream, connection string }
	const no = "refused"
	for _, c := range []struct {
		name          string
		options       identity.Options
		header, query string
		want          want
	}{
		{"open", identity.Options{}, "", "", want{"", "", ""}},
		{"open, whatever is sent", identity.Options{}, "Basic x", "x", want{"", "", ""}},
		{"open, a token for somebody else", identity.Options{}, "Bearer x", "", want{"", "", ""}},
		{"jwt, nothing", identity.Options{JWTSecret: jwtSecret}, "", "", want{no, no, no}},
		{"jwt, header", identity.Options{JWTSecret: jwtSecret}, "bearer " + token, "", want{"alice", "alice", "alice"}},
		{"jwt, query", identity.Options{JWTSecret: jwtSecret}, "", token, want{no, "alice", "alice"}},
		{"jwt, header first", identity.Options{JWTSecret: jwtSecret}, "Bearer x", token, want{no, no, no}},
		{"jwt, basic", identity.Options{JWTSecret: jwtSecret}, "Basic " + token, "", want{no, no, no}},
		{"key, nothing", identity.Options{APIKey: apiKey}, "", "", want{no, no, ""}},
		{"key", identity.Options{APIKey: apiKey}, "Bearer " + apiKey, "", want{"anyone", "anyone", "anyone"}},
		{"key, wrong", identity.Options{APIKey: apiKey}, "Bearer x", "", want{no, no, no}},
		{"key, a token", identity.Options{APIKey: apiKey}, "Bearer " + token, "", want{no, no, no}},
		{"both, key", identity.Options{JWTSecret: jwtSecret, APIKey: apiKey}, "Bearer " + apiKey, "", want{"anyone", "anyone", "anyone"}},
		{"both, nothing", identity.Options{JWTSecret: jwtSecret, APIKey: apiKey}, "", "", want{no, no, no}},
		{"admin token", identity.Options{JWTSecret: jwtSecret, AdminToken: adminToken}, "Bearer " + adminToken, "", want{no, no, no}},
	} {
		g := guard(t, c.options)
		r := httptest.NewRequest(http.MethodGet, "/?token="+c.query, nil)
		if c.header != "" {
			r.Header.Set("Authorization", c.header)
		}
		said := func(of func(*http.Request) (identity.Identity, error)) string {
			id, err := of(r)
			switch {
			case err != nil:
				return no
			case id.Trusted:
				return "anyone"
			default:
				return id.Player
			}
		}
		if got := (want{said(g.OfCall), said(g.OfStream), said(g.OfRequest)}); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestSecretsThatCantBeUsed(t *testing.T) {
	const short = "tooshort"
	for want, o := range map[string]identity.Options{
		"--jwt-secret must have at least 32":       {JWTSecret: adminToken},
		"--api-key must have at least 16":          {APIKey: short},
		"--admin-token must have at least 16":      {AdminToken: short},
		"--admin-token must not be the same as --": {APIKey: apiKey, AdminToken: apiKey},
	} {
		if _, err := identity.New(o); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), short) || strings.Contains(err.Error(), apiKey) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestOperatorSessions(t *testing.T) {
	now := time.Now()
	g, same, other := guard(t, identity.Options{AdminToken: adminToken}), guard(t, identity.Options{AdminToken: adminToken}), guard(t, identity.Options{AdminToken: adminToken + "x"})
	session := g.NewSession(now.Add(time.Minute))
	if strings.Contains(session, adminToken) {
		t.Errorf("the session shows the token: %s", session)
	}
	read, ok := g.SessionOf(session, now)
	if again, same := same.SessionOf(session, now); !ok || !same || again != read || read.ID == "" || !read.Ends.Equal(now.Add(time.Minute).Truncate(time.Second)) {
		t.Errorf("not every node with the token accepts %q: %v", session, read)
	}
	if second, _ := g.SessionOf(g.NewSession(now.Add(time.Minute)), now); second.ID == read.ID {
		t.Error("two sessions are one")
	}
	end, id, signature := parts(session)
	for _, wrong := range []string{"", "99999999999." + id + "." + signature, end + "." + id + "x." + signature, end + ".." + signature, end + "." + signature} {
		if _, ok := g.SessionOf(wrong, now); ok {
			t.Errorf("%q is accepted", wrong)
		}
	}
	if _, ok := g.SessionOf(session, now.Add(time.Hour)); ok {
		t.Error("an expired session is accepted")
	}
	if _, ok := other.SessionOf(session, now); ok {
		t.Error("a session of another token is accepted")
	}
	none := guard(t, identity.Options{})
	if _, ok := none.SessionOf(none.NewSession(now.Add(time.Minute)), now); ok || none.IsAdmin("") {
		t.Error("without a token somebody has it")
	}
}

func parts(session string) (end, id, signature string) {
	p := strings.SplitN(session, ".", 3)
	return p[0], p[1], p[2]
}

func FuzzSession(f *testing.F) {
	now := time.Now()
	g, err := identity.New(identity.Options{AdminToken: adminToken})
	if err != nil {
		f.Fatal(err)
	}
	good := g.NewSession(now.Add(time.Minute)) // another one in each process of the fuzzer
	for _, seed := range []string{"", ".", "9999999999.", "9999999999." + strings.Repeat("0", 64), "+", " "} {
		f.Add(seed, "")
		f.Add("", seed)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		for _, session := range []string{before + after, before + good + after} {
			if _, ok := g.SessionOf(session, now); ok && session != good {
				t.Errorf("%q is a session", session)
			}
		}
	})
}
