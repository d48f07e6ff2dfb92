package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// The same example is in the tests of the server's signatures.
const (
	secret    = "a secret of an example"
	signature = "t=1700000000,v1=747a15f5aa0cce51ee6aec7e52a370c64b5937666aa8251ceb5b848b8ed2fcc5"
	body      = `{"id":"1-0-0"}`
)

// checks are signatures, and whether they are valid at a time.
var checks = []struct {
	signature, body string
	now             int64
	valid           bool
}{
	{signature, body, 1700000000, true},
	{signature, body, 1700000299, true},
	{signature, body, 1699999701, true},
	{signature, body, 1700000301, false},
	{signature, body, 1699999699, false},
	{signature, body + " ", 1700000000, false},
	{strings.Replace(signature, "t=17", "t=18", 1), body, 1800000000, false},
	{signature[:len(signature)-2], body, 1700000000, false},
	{"t=1700000000", body, 1700000000, false},
	{"t=1700000000,v1=", body, 1700000000, false},
	{"", body, 1700000000, false},
	{"nonsense", body, 1700000000, false},
}

func TestVerify(t *testing.T) {
	for _, c := range checks {
		if err := verify(secret, c.signature, []byte(c.body), time.Unix(c.now, 0)); (err == nil) != c.valid {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestVerifyElsewhere has JavaScript and Python check the same.
func TestVerifyElsewhere(t *testing.T) {
	js, py := "const {verify} = require('./verify.js'); console.log([", "from verify import verify; print([x for x in ["
	want := make([]string, len(checks))
	for i, c := range checks {
		js += fmt.Sprintf("verify(%q, %q, Buffer.from(%q), %d),", secret, c.signature, c.body, c.now)
		py += fmt.Sprintf("verify(%q, %q, %q.encode(), %d),", secret, c.signature, c.body, c.now)
		want[i] = fmt.Sprint(c.valid)
	}
	for _, run := range [][]string{{"node", "-e", js + "].join(' '))"}, {"python3", "-B", "-c", py + "]])"}} {
		if _, err := exec.LookPath(run[0]); err != nil && os.Getenv("MATCHQ_REQUIRE_TOOLS") != "1" {
			t.Logf("%s is not here to check", run[0])
			continue
		}
		output, err := exec.Command(run[0], run[1:]...).CombinedOutput()
		got := strings.ToLower(strings.NewReplacer("[", "", "]", "", ",", "").Replace(strings.TrimSpace(string(output))))
		if err != nil || got != strings.Join(want, " ") {
			t.Errorf("%s says %s, want %v; %v", run[0], output, want, err)
		}
	}
}

// Each event is handled once, and none without a signature.
func TestReceiver(t *testing.T) {
	var out strings.Builder
	r := receiver(secret, &out)
	send := func(signature string) int {
		request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		request.Header.Set("Matchq-Signature", signature)
		answer := httptest.NewRecorder()
		r.ServeHTTP(answer, request)
		return answer.Code
	}
	if got := send(signature); got != http.StatusUnauthorized { // it is years old
		t.Errorf("an old request: %d", got)
	}
	now := fmt.Sprint(time.Now().Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(now + "." + body))
	for range 2 {
		if got := send("t=" + now + ",v1=" + hex.EncodeToString(mac.Sum(nil))); got != http.StatusNoContent {
			t.Errorf("a good request: %d", got)
		}
	}
	if got := strings.Count(out.String(), "\n"); got != 1 {
		t.Errorf("handled %d events:\n%s", got, out.String())
	}
}
