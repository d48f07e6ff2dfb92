package main

import (
	"time"
)

// state is the event that a player waits for.
type state int

const (
	idle    state = iota // nothing: the player has not asked, or has an outcome
	asking               // an answer
	waiting              // an outcome
)

// player is one player. The fields of the current ticket are guarded by the tally.
type player struct {
	index        int
	name, token  string
	queue        string
	socket       *socket // nil with HTTP
	state        state
	asked        time.Time // when the player was to ask
	sent         time.Time // when the player asked
	queued       time.Time // when the server had answered
	ticket       string
	match        string
	leaving      bool      // the player has withdrawn the request
	disconnected time.Time // zero while connected
}
