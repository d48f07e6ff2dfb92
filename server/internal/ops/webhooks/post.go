package webhooks

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/matchq/matchq/matchq"
)

// Headers of a request.
const (
	headerEvent     = "Matchq-Event"     // its kind
	headerEventID   = "Matchq-Event-Id"  // the same in each delivery
	headerDelivery  = "Matchq-Delivery"  // from 1
	headerSignature = "Matchq-Signature" // t=<seconds since 1970>,v1=<hex of HMAC-SHA256 over "<t>.<body>">
)

// maxAnswer is how much is read of an answer, so that its connection can be used again.
const maxAnswer = 16 << 10

// Outcomes of requests, for Options.Count: the class of the answer's status, or no answer.
var Outcomes = []string{"2xx", "3xx", "4xx", "5xx", "error"}

// body is the body of a post. It is the same in each delivery of an event.
type body struct {
	ID      string       `json:"id"`
	Event   matchq.State `json:"event"`
	At      time.Time    `json:"at"`
	Reason  string       `json:"reason,omitempty"`
	MatchID string       `json:"match_id,omitempty"`
	Match   any          `json:"match,omitempty"`
	Ticket  any          `json:"ticket,omitempty"`
}

func (w *Webhooks) bodyOf(ev *matchq.Event) ([]byte, error) {
	b := body{ID: ev.ID, Event: ev.Kind, At: ev.At.UTC(), Reason: ev.Reason, MatchID: ev.MatchID}
	if ev.Match != nil {
		b.Match = w.Match(ev.Match)
	}
	if ev.Ticket != nil {
		b.Ticket = w.Ticket(ev.Ticket)
	}
	return json.Marshal(b)
}

// sign is the value of the header Matchq-Signature for a body that is sent at a time.
func sign(secret string, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// post posts an event. The error says whether, and when, to post it again.
func (w *Webhooks) post(ctx context.Context, to string, ev *matchq.Event) error {
	text, err := w.bodyOf(ev)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(text))
	if err != nil {
		return errors.New("the request can't be made")
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "matchq/" + w.Version,
		headerEvent: string(ev.Kind), headerEventID: ev.ID, headerDelivery: strconv.Itoa(ev.Delivery),
		headerSignature: sign(w.Secret, time.Now(), text),
	} {
		request.Header.Set(name, value)
	}
	answer, err := w.client.Do(request)
	if err != nil {
		if ctx.Err() == nil {
			w.Count("error")
		}
		return withoutURL(err)
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer) // the status has said it all
	w.Count(classOf(answer.StatusCode))
	return judge(answer)
}

// classOf is the class of a status, one of Outcomes.
func classOf(status int) string {
	if status < 200 || status > 599 {
		return "error"
	}
	return strconv.Itoa(status/100) + "xx"
}

// judge interprets an answer. 410 says that the receiver is gone for good; all else may pass.
func judge(answer *http.Response) error {
	status := answer.StatusCode
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusGone:
		return fmt.Errorf("answered 410: %w", matchq.ErrGiveUp)
	case status >= 300 && status < 400:
		return fmt.Errorf("answered %d: redirects are not followed", status)
	}
	err := fmt.Errorf("answered %d", status)
	if after := retryAfter(answer.Header.Get("Retry-After"), time.Now()); after > 0 {
		return &matchq.RetryError{After: after, Err: err}
	}
	return err
}

// retryAfter reads the header Retry-After: seconds, or a date. It is 0 if there is none that makes sense.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// withoutURL takes the URL, which may have secrets in it, out of an error of the client.
func withoutURL(err error) error {
	if own, ok := errors.AsType[*url.Error](err); ok {
		return own.Err
	}
	return err
}
