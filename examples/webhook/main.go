// Webhook receives the events that the bundled server posts with --webhook: it checks the signature, and handles each event once.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

func main() {
	secret := os.Getenv("MATCHQ_WEBHOOK_SECRET")
	if secret == "" {
		fmt.Fprintln(os.Stderr, "webhook: set MATCHQ_WEBHOOK_SECRET to that of the server")
		os.Exit(1)
	}
	server := &http.Server{Addr: "127.0.0.1:8080", Handler: receiver(secret, os.Stdout), ReadHeaderTimeout: 5 * time.Second}
	fmt.Println("go run ./server --webhook http://127.0.0.1:8080/")
	fmt.Fprintln(os.Stderr, "webhook:", server.ListenAndServe())
	os.Exit(1)
}

// tolerance is how old, or how far ahead, a request may be: nobody can send a recorded one again later.
const tolerance = 5 * time.Minute

// verify checks the header Matchq-Signature of a body.
func verify(secret, signature string, body []byte, now time.Time) error {
	var t, sent string
	for part := range strings.SplitSeq(signature, ",") {
		switch name, value, _ := strings.Cut(part, "="); name {
		case "t":
			t = value
		case "v1":
			sent = value
		}
	}
	seconds, err := strconv.ParseInt(t, 10, 64)
	if err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return errors.New("the time of the signature is missing or too far away")
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(t + "."))
	mac.Write(body)
	if got, err := hex.DecodeString(sent); err != nil || !hmac.Equal(got, mac.Sum(nil)) {
		return errors.New("the signature is wrong")
	}
	return nil
}

// event has the fields of an event that this program needs.
type event struct {
	ID    string `json:"id"`
	Event string `json:"event"`
	Match struct {
		Room    string `json:"room"`
		Players []struct {
			Player any `json:"player"`
		} `json:"players"`
	} `json:"match"`
}

// receiver handles requests. A real one remembers ids where its data is, in the same transaction, for a few hours.
func receiver(secret string, out io.Writer) http.Handler {
	var mu sync.Mutex
	seen := map[string]bool{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "the body can't be read", http.StatusBadRequest)
			return
		}
		if err := verify(secret, r.Header.Get("Matchq-Signature"), body, time.Now()); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		var e event
		if err := json.Unmarshal(body, &e); err != nil {
			http.Error(w, "the body is no event", http.StatusBadRequest)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if !seen[e.ID] { // else it came before, and the answer was lost
			seen[e.ID] = true
			fmt.Fprintln(out, e.Event, e.Match.Room, e.Match.Players)
		}
		w.WriteHeader(http.StatusNoContent)
	})
}
