package identity_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/identity"
)

const goodHeader = `{"alg":"HS256","typ":"JWT"}`

// signText signs header and claims exactly as they are written, which libraries for honest tokens can't.
func signText(header, claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(header)) + "." + encode([]byte(claims))
	mac := hmac.New(sha256.New, []byte(jwtSecret))
	mac.Write([]byte(signed))
	return signed + "." + encode(mac.Sum(nil))
}

func TestClaimsAreReadExactly(t *testing.T) {
	g := guard(t, identity.Options{JWTSecret: jwtSecret})
	now := time.Now().Unix()
	soon, later := fmt.Sprint(now+3600), fmt.Sprint(now+7200)
	for name, c := range map[string]struct{ header, claims, player string }{
		"plain":                {goodHeader, `{"sub":"alice","exp":` + soon + `}`, "alice"},
		"unknown claims":       {goodHeader, `{"sub":"alice","exp":` + soon + `,"name":"A","roles":["a"],"SUB":"bob","Exp":1}`, "alice"},
		"all registered":       {goodHeader, `{"iss":"i","sub":"alice","aud":["a","b"],"exp":` + soon + `.5,"nbf":1,"iat":1.5,"jti":"j"}`, "alice"},
		"escapes":              {goodHeader, `{"sub":"\u0061\ud83d\ude00","exp":` + soon + `}`, "a😀"},
		"header with more":     {`{"alg":"HS256","kid":"1","x":[1]}`, `{"sub":"alice","exp":` + soon + `}`, "alice"},
		"nbf 3 s ahead":        {goodHeader, fmt.Sprintf(`{"sub":"alice","exp":%s,"nbf":%d}`, soon, now+3), "alice"},
		"iat 3 s ahead":        {goodHeader, fmt.Sprintf(`{"sub":"alice","exp":%s,"iat":%d}`, soon, now+3), "alice"},
		"nbf 60 s ahead":       {goodHeader, fmt.Sprintf(`{"sub":"alice","exp":%s,"nbf":%d}`, soon, now+60), ""},
		"iat 60 s ahead":       {goodHeader, fmt.Sprintf(`{"sub":"alice","exp":%s,"iat":%d}`, soon, now+60), ""},
		"exp 2 s ago":          {goodHeader, fmt.Sprintf(`{"sub":"alice","exp":%d}`, now-2), ""},
		"SUB":                  {goodHeader, `{"SUB":"alice","exp":` + soon + `}`, ""},
		"EXP":                  {goodHeader, `{"sub":"alice","EXP":` + soon + `}`, ""},
		"Kelvin sign in a key": {goodHeader, "{\"ſub\":\"alice\",\"exp\":" + soon + "}", ""},
		"sub twice":            {goodHeader, `{"sub":"alice","sub":"bob","exp":` + soon + `}`, ""},
		"sub twice, escaped":   {goodHeader, `{"sub":"alice","\u0073ub":"bob","exp":` + soon + `}`, ""},
		"exp twice":            {goodHeader, `{"sub":"alice","exp":` + soon + `,"exp":` + later + `}`, ""},
		"twice further down":   {goodHeader, `{"sub":"alice","exp":` + soon + `,"x":{"a":1,"a":2}}`, ""},
		"sub null":             {goodHeader, `{"sub":null,"exp":` + soon + `}`, ""},
		"sub an array":         {goodHeader, `{"sub":["alice"],"exp":` + soon + `}`, ""},
		"exp a string":         {goodHeader, `{"sub":"alice","exp":"` + soon + `"}`, ""},
		"exp null":             {goodHeader, `{"sub":"alice","exp":null}`, ""},
		"exp infinite":         {goodHeader, `{"sub":"alice","exp":1e999}`, ""},
		"exp too far":          {goodHeader, `{"sub":"alice","exp":1e300}`, ""},
		"exp negative":         {goodHeader, `{"sub":"alice","exp":-1e300}`, ""},
		"nbf a string":         {goodHeader, `{"sub":"alice","exp":` + soon + `,"nbf":"1"}`, ""},
		"iss a number":         {goodHeader, `{"sub":"alice","exp":` + soon + `,"iss":1}`, ""},
		"aud a number":         {goodHeader, `{"sub":"alice","exp":` + soon + `,"aud":[1]}`, ""},
		"Latin-1":              {goodHeader, "{\"sub\":\"Ren\xe9\",\"exp\":" + soon + "}", ""},
		"lone surrogate":       {goodHeader, `{"sub":"a\ud800","exp":` + soon + `}`, ""},
		"deep":                 {goodHeader, `{"sub":"alice","exp":` + soon + `,"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, ""},
		"trailing data":        {goodHeader, `{"sub":"alice","exp":` + soon + `}{}`, ""},
		"null":                 {goodHeader, `null`, ""},
		"an array":             {goodHeader, `[]`, ""},
		"alg twice":            {`{"alg":"none","alg":"HS256"}`, `{"sub":"alice","exp":` + soon + `}`, ""},
		"ALG":                  {`{"ALG":"HS256"}`, `{"sub":"alice","exp":` + soon + `}`, ""},
		"alg in lower case":    {`{"alg":"hs256"}`, `{"sub":"alice","exp":` + soon + `}`, ""},
		"alg an array":         {`{"alg":["HS256"]}`, `{"sub":"alice","exp":` + soon + `}`, ""},
		"typ a number":         {`{"alg":"HS256","typ":1}`, `{"sub":"alice","exp":` + soon + `}`, ""},
		"header not Unicode":   {"{\"alg\":\"HS256\",\"kid\":\"\xe9\"}", `{"sub":"alice","exp":` + soon + `}`, ""},
		"crit":                 {`{"alg":"HS256","crit":["b64"],"b64":false}`, `{"sub":"alice","exp":` + soon + `}`, ""},
		"header null":          {`null`, `{"sub":"alice","exp":` + soon + `}`, ""},
	} {
		id, err := g.OfToken(signText(c.header, c.claims))
		if (err == nil) != (c.player != "") || id.Player != c.player {
			t.Errorf("%s: %+v, %v, want player %q", name, id, err, c.player)
		}
	}
	good := signText(goodHeader, `{"sub":"alice","exp":`+soon+`}`)
	for name, token := range map[string]string{
		"line break": good[:10] + "\n" + good[10:], "padding": good + "=", "other last bits": otherLastBits(good), "blank": good + " ",
	} {
		if id, err := g.OfToken(token); err == nil {
			t.Errorf("%s: %+v", name, id)
		}
	}
}

// otherLastBits changes the bits of the last letter that base64 does not use: the signature's bytes stay the same.
func otherLastBits(token string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(token) - 1
	return token[:last] + string(letters[strings.IndexByte(letters, token[last])+1])
}

func FuzzToken(f *testing.F) {
	g, err := identity.New(identity.Options{JWTSecret: jwtSecret})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		`{"sub":"alice","exp":99999999999,"nbf":1,"iat":1}`, `{"sub":"a","sub":"b","exp":99999999999}`, `{"SUB":"a"}`, "{\"sub\":\"\xe9\",\"exp\":99999999999}",
		`{"sub":"\ud800","exp":99999999999}`, `{"sub":"a","exp":1e300}`, `{"sub":"a","exp":"1"}`, `null`, `[]`, `{"sub":"a","aud":["x"],"exp":9999999999.5}`,
	} {
		f.Add(goodHeader, seed)
	}
	f.Add(`{"alg":"none"}`, `{}`)
	f.Fuzz(func(t *testing.T, header, claims string) {
		for _, token := range []string{signText(header, claims), header + "." + claims + ".", header} {
			id, err := g.OfToken(token)
			if err != nil {
				continue
			}
			if !utf8.ValidString(header+claims) || matchq.CheckName("sub", id.Player) != nil || !id.Expires.After(time.Now()) || id.Trusted {
				t.Errorf("%q, %q: %+v", header, claims, id)
			}
		}
	})
}
