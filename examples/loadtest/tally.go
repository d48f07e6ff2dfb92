package main

import (
	"sync"
	"time"
)

// tally collects what happens to the players. It is safe for concurrent use.
type tally struct {
	mu      sync.Mutex
	options *options
	all     []*player
	checker *checker
	windows windows
	open    int       // players that wait for an answer or an outcome
	asking  int       // players that wait for an answer
	away    int       // players that have lost their connection
	news    time.Time // when the newest answer or outcome came

	measures               [measures]*measure
	first, lastQueued      time.Time
	lastTold               time.Time
	asked, queued, matched int
	ended                  map[string]int // outcomes other than a match
	errors                 map[string]int // error codes
	details                map[string]string
	skipped, reconnects    int
}

func newTally(o *options, players []*player) *tally {
	t := &tally{
		options: o, all: players, checker: newChecker(), windows: windows{},
		ended: map[string]int{}, errors: map[string]int{}, details: map[string]string{},
	}
	for i := range t.measures {
		t.measures[i] = newMeasure()
	}
	return t
}

// moves changes a player's state and the counts that depend on it.
func (t *tally) moves(p *player, to state) {
	count := func(s state, n int) {
		if s != idle {
			t.open += n
		}
		if s == asking {
			t.asking += n
		}
	}
	count(p.state, -1)
	count(to, 1)
	p.state = to
}

// asks notes that a player asks now. at is when the player was to ask: a late tool does not make a server look fast.
// It reports false if the player is still busy with the last ticket.
func (t *tally) asks(p *player, at time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p.state != idle {
		t.skipped++
		return false
	}
	if t.asked == 0 {
		t.first = at
	}
	t.asked++
	p.asked, p.sent, p.ticket, p.match, p.leaving = at, time.Now(), "", "", false
	t.moves(p, asking)
	t.news = p.sent
	return true
}

// isQueued notes the answer that a player is queued. nextTick is the time until the queue is due, negative if unknown.
func (t *tally) isQueued(p *player, ticket string, nextTick time.Duration) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case p.state == waiting && p.ticket != ticket:
		t.checker.breakf("%s lost the ticket %s and has another one: %s", p.name, p.ticket, ticket)
	case p.state == idle && p.ticket != ticket:
		t.checker.breakf("%s has a ticket without asking: %s", p.name, ticket)
	}
	t.returned(p, now)
	if p.state != asking {
		return
	}
	t.moves(p, waiting)
	p.ticket, p.queued = ticket, now
	t.queued++
	t.news, t.lastQueued = now, now
	t.measures[askedQueued].add(now.Sub(p.asked))
	if nextTick > 0 {
		t.windows.learn(p.queue, p.sent.Add(nextTick), now.Add(nextTick))
	}
}

// isDuplicate notes the answer that a player waits already. That is right for one who asked again after the connection
// broke.
func (t *tally) isDuplicate(p *player, ticket string) {
	t.mu.Lock()
	again := p.state == asking && !p.disconnected.IsZero()
	t.mu.Unlock()
	if again {
		t.isQueued(p, ticket, -1)
	} else {
		t.fails(p, "already_queued", "the player waits already: ticket "+ticket)
	}
}

// isMatched notes that a player was told of a match. waited is the time in the queue as the server says, negative if
// unknown; made is when the match was made, zero if unknown.
func (t *tally) isMatched(p *player, m told, waited time.Duration, made time.Time) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	again := !p.disconnected.IsZero() // the answer was lost with the connection
	t.returned(p, now)
	if p.state == asking && !again {
		t.checker.breakf("%s was told of a match before the ticket's id: %s", p.name, m.id)
	}
	if !t.checker.matched(p, p.match, m) {
		return
	}
	p.match = m.id
	if p.state == idle {
		t.checker.breakf("%s was told of a match without asking for one: %s", p.name, m.id)
		return
	}
	t.moves(p, idle)
	t.matched++
	t.news, t.lastTold = now, now
	t.measures[askedTold].add(now.Sub(p.asked))
	if waited >= 0 {
		t.measures[queuedMatched].add(waited)
	}
	if made.IsZero() {
		made = t.windows.last(p.queue, now)
	}
	if !made.IsZero() {
		t.measures[tickTold].add(now.Sub(made))
	}
}

// hasEnded notes another outcome.
func (t *tally) hasEnded(p *player, outcome string) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.returned(p, now)
	if p.state == idle {
		return
	}
	if p.leaving && outcome == "cancelled" {
		outcome = "left over"
	}
	if outcome == "lost" {
		t.checker.breakf("%s lost the ticket %s", p.name, p.ticket)
	}
	t.moves(p, idle)
	t.news = now
	t.ended[outcome]++
}

// fails notes an error, which ends the player's request, unless the player is about to come back and repeats it.
func (t *tally) fails(p *player, code, detail string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.errors[code]++
	if t.details[code] == "" {
		t.details[code] = detail
	}
	if p.disconnected.IsZero() {
		t.moves(p, idle)
	}
	t.news = time.Now()
}

// disconnects notes that a connection broke.
func (t *tally) disconnects(p *player) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p.disconnected.IsZero() {
		p.disconnected = time.Now()
		t.away++
	}
}

// returned notes that a player who was away knows the state of the ticket again.
func (t *tally) returned(p *player, now time.Time) {
	if p.disconnected.IsZero() {
		return
	}
	t.measures[brokenKnown].add(now.Sub(p.disconnected))
	p.disconnected = time.Time{}
	t.away--
	t.reconnects++
}

// isBack notes that a player who was away is connected and has no ticket any more. The server would have said so.
func (t *tally) isBack(p *player) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if p.disconnected.IsZero() {
		return
	}
	t.returned(p, now)
	if p.state == waiting {
		t.checker.breakf("%s lost the ticket %s while the connection was broken", p.name, p.ticket)
		t.moves(p, idle)
	}
}

// stateOf returns the event that a player waits for.
func (t *tally) stateOf(p *player) state {
	t.mu.Lock()
	defer t.mu.Unlock()
	return p.state
}

// overdue ends the requests whose answer or outcome is late.
func (t *tally) overdue(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.all {
		if !p.disconnected.IsZero() && now.Sub(p.disconnected) > t.options.outcomeWithin {
			t.checker.breakf("%s could not come back within %v", p.name, t.options.outcomeWithin)
			p.disconnected = time.Time{}
			t.away--
		}
		switch {
		case p.state == asking && now.Sub(p.asked) > t.options.answerWithin:
			t.checker.breakf("%s got no answer within %v", p.name, t.options.answerWithin)
		case p.state == waiting && now.Sub(p.queued) > t.options.outcomeWithin:
			t.checker.breakf("%s got no outcome within %v: ticket %s", p.name, t.options.outcomeWithin, p.ticket)
		default:
			continue
		}
		t.moves(p, idle)
		t.ended["silence"]++
	}
}
