// Enqueue queues players over HTTP, like a backend in any language, and waits until they are matched.
//
// usage: enqueue [-server URL] [-queue NAME] player…
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"sync"
)

func main() {
	server := flag.String("server", "http://127.0.0.1:4000", "URL of the matchq server")
	queue := flag.String("queue", "history", "the queue to join")
	flag.Parse()
	players := flag.Args()
	if len(players) == 0 {
		players = []string{"alice", "bob"}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *server, *queue, players); err != nil {
		fmt.Fprintln(os.Stderr, "enqueue:", err)
		os.Exit(1)
	}
}

// run queues the players at once and prints the outcome of each, in their order.
func run(ctx context.Context, out io.Writer, server, queue string, players []string) error {
	lines, errs := make([]string, len(players)), make([]error, len(players))
	var wg sync.WaitGroup
	for i, player := range players {
		wg.Go(func() { lines[i], errs[i] = play(ctx, server, queue, player) })
	}
	wg.Wait()
	for _, line := range lines {
		if line != "" {
			fmt.Fprintln(out, line)
		}
	}
	return errors.Join(errs...)
}

// ticket is the part of the server's answer that this program needs.
type ticket struct {
	ID    string `json:"id"`
	State string `json:"state"`
	Match *struct {
		Room    string `json:"room"`
		Players []struct {
			Player string `json:"player"`
		} `json:"players"`
	} `json:"match"`
}

// play queues a player and waits for the outcome.
func play(ctx context.Context, server, queue, player string) (string, error) {
	body, err := json.Marshal(map[string]string{"player": player})
	if err != nil {
		return "", err
	}
	t, err := call(ctx, http.MethodPost, server+"/v1/queues/"+url.PathEscape(queue)+"/tickets", body)
	for err == nil && t.State == "waiting" {
		// The server answers when the state changes, or after 25 seconds.
		t, err = call(ctx, http.MethodGet, server+"/v1/tickets/"+t.ID+"?wait=25s", nil)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", player, err)
	}
	line := fmt.Sprintf("%s: %s", player, t.State)
	if t.Match != nil {
		var others []string
		for _, other := range t.Match.Players {
			if other.Player != player {
				others = append(others, other.Player)
			}
		}
		line += " with " + strings.Join(others, ", ") + " in " + t.Match.Room
	}
	return line, nil
}

// call makes a request and returns the ticket of its answer.
func call(ctx context.Context, method, url string, body []byte) (ticket, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return ticket{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return ticket{}, err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		var problem struct {
			Code   string `json:"code"`
			Detail string `json:"detail"`
		}
		if err := json.NewDecoder(response.Body).Decode(&problem); err != nil {
			return ticket{}, errors.New(response.Status)
		}
		return ticket{}, fmt.Errorf("%s: %s (%s)", response.Status, problem.Detail, problem.Code)
	}
	var t ticket
	err = json.NewDecoder(response.Body).Decode(&t)
	return t, err
}
