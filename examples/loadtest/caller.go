package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// caller makes HTTP calls.
type caller struct {
	url, token string
	guests     bool
	sources    int
	timeout    time.Duration
	next       atomic.Uint32 // of the source addresses
	tickets    *http.Client
	outcomes   *http.Client // has a connection for each player
	clock      clock
}

func newCaller(o *options) *caller {
	c := &caller{url: o.url, token: o.token, guests: o.guests, sources: o.sources, timeout: o.answerWithin}
	c.tickets = &http.Client{Timeout: o.answerWithin, Transport: &http.Transport{
		DialContext: c.dialSource, MaxConnsPerHost: o.connections, MaxIdleConnsPerHost: o.connections,
	}}
	c.outcomes = &http.Client{Transport: &http.Transport{
		DialContext: c.dialSource, MaxIdleConnsPerHost: o.players, ReadBufferSize: 2 << 10, WriteBufferSize: 1 << 10,
	}}
	return c
}

// dialSource connects from one of the source addresses, each in turn.
func (c *caller) dialSource(ctx context.Context, network, addr string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: c.timeout}
	if c.sources > 1 {
		dialer.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+c.next.Add(1)%uint32(c.sources)))}
	}
	return dialer.DialContext(ctx, network, addr)
}

// header is for requests of a player.
func (c *caller) header(p *player) http.Header {
	header := http.Header{}
	if p.token != "" {
		header.Set("Authorization", "Bearer "+p.token)
	}
	return header
}

// identify gets the player's proof of identity.
func (c *caller) identify(ctx context.Context, p *player) error {
	p.token = c.token
	if !c.guests {
		return nil
	}
	var guest struct{ Player, Token string }
	if err := c.call(ctx, c.tickets, p, http.MethodPost, "/v1/demo/guest", nil, &guest); err != nil {
		return fmt.Errorf("take a guest token: %w", err)
	}
	p.name, p.token = guest.Player, guest.Token
	return nil
}

// call makes a request and decodes the answer. What the server refuses is a *refusal.
func (c *caller) call(ctx context.Context, by *http.Client, p *player, method, path string, body, answer any) error {
	response, err := c.send(ctx, by, p, method, path, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if answer != nil {
		return json.NewDecoder(response.Body).Decode(answer)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

// send sends a request and returns the answer, whose body the caller closes.
func (c *caller) send(ctx context.Context, by *http.Client, p *player, method, path string, body any) (*http.Response, error) {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, content)
	if err != nil {
		return nil, err
	}
	request.Header = c.header(p)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := by.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		defer response.Body.Close()
		return nil, refusalOf(response)
	}
	return response, nil
}

// refusal is an error that the server has answered.
type refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"` // over WebSockets
	Detail  string `json:"detail"`  // over HTTP
}

func (r *refusal) Error() string {
	text := r.Code + ": " + r.Message
	if todo := hint(r.Code); todo != "" {
		text += " (" + todo + ")"
	}
	return text
}

// refusalOf reads the error in an answer.
func refusalOf(response *http.Response) *refusal {
	var r refusal
	if json.NewDecoder(response.Body).Decode(&r) != nil || r.Code == "" {
		return &refusal{Code: fmt.Sprintf("http_%d", response.StatusCode), Message: response.Status}
	}
	r.Message = r.Detail
	return &r
}
