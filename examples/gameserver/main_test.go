package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
)

// start runs a server and returns its address and a function that stops it and waits for its end.
func start(t *testing.T, redisURL string) (base string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(ctx, writer, "127.0.0.1:0", redisURL)
		_ = writer.CloseWithError(io.EOF)
		done <- err
	}()
	lines := bufio.NewScanner(reader)
	if !lines.Scan() {
		t.Fatalf("the server ended: %v", <-done)
	}
	base, _, found := strings.Cut(strings.TrimPrefix(lines.Text(), "play at "), "/play")
	if !found {
		t.Fatalf("the server said %q", lines.Text())
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	}
	t.Cleanup(stop)
	return base, stop
}

type played struct {
	status int
	answer
}

// play sends a request to play and returns a channel for the answer.
func play(t *testing.T, base, player, quiz string) <-chan played {
	got := make(chan played, 1)
	go func() {
		response, err := http.Post(base+"/play?"+url.Values{"player": {player}, "quiz": {quiz}}.Encode(), "", nil)
		if err != nil {
			t.Errorf("%s: %v", player, err)
			got <- played{}
			return
		}
		defer response.Body.Close()
		p := played{status: response.StatusCode}
		if err := json.NewDecoder(response.Body).Decode(&p.answer); err != nil {
			t.Errorf("%s: %v", player, err)
		}
		got <- p
	}()
	return got
}

func TestTwoPlayersMeet(t *testing.T) {
	base, _ := start(t, "")
	first, second := play(t, base, "alice", "history"), play(t, base, "bob", "history")
	alice, bob := <-first, <-second
	if alice.status != http.StatusOK || bob.status != http.StatusOK {
		t.Fatalf("alice %+v, bob %+v", alice, bob)
	}
	if alice.Room == "" || alice.Room != bob.Room || alice.Opponent != "bob" || bob.Opponent != "alice" {
		t.Errorf("alice %+v, bob %+v", alice, bob)
	}
}

func TestPlayersOfTwoServersMeet(t *testing.T) {
	shared := miniredis.RunT(t)
	one, _ := start(t, "redis://"+shared.Addr())
	two, _ := start(t, "redis://"+shared.Addr())
	first, second := play(t, one, "alice", "history"), play(t, two, "bob", "history")
	alice, bob := <-first, <-second
	if alice.Room == "" || alice.Room != bob.Room || alice.Opponent != "bob" || bob.Opponent != "alice" {
		t.Errorf("alice %+v, bob %+v", alice, bob)
	}
}

func TestBadRequestsAreRefused(t *testing.T) {
	base, _ := start(t, "")
	if nobody := <-play(t, base, "", "history"); nobody.status != http.StatusUnprocessableEntity {
		t.Errorf("no player: %+v", nobody)
	}
	both := []<-chan played{play(t, base, "alice", "history"), play(t, base, "alice", "history")}
	var twice played
	select {
	case twice = <-both[0]:
	case twice = <-both[1]:
	}
	if twice.status != http.StatusConflict {
		t.Errorf("the same player twice: %+v", twice)
	}
}

func TestShutdownTellsThoseWhoWait(t *testing.T) {
	shared := miniredis.RunT(t)
	base, stop := start(t, "redis://"+shared.Addr())
	waiting := play(t, base, "alice", "history")
	for shared.HGet("{gameserver}:players", "alice") == "" { // until alice is queued
		select {
		case early := <-waiting:
			t.Fatalf("an early answer: %+v", early)
		default:
		}
	}
	stop()
	if alice := <-waiting; alice.status != http.StatusServiceUnavailable || alice.Error != "you left the queue" {
		t.Errorf("alice got %+v", alice)
	}
	if cancelled := shared.HGet("{gameserver}:counters", "cancelled"); cancelled != "1" {
		t.Errorf("%q tickets were cancelled", cancelled)
	}
}
