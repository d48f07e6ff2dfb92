package main

import (
	"strings"
	"testing"
	"time"
)

// wantBroken checks that a single promise is broken, "" for none.
func wantBroken(t *testing.T, c *checker, want string) {
	t.Helper()
	if want == "" {
		if len(c.broken) > 0 {
			t.Errorf("broken: %v", c.broken)
		}
		return
	}
	if len(c.broken) != 1 || !strings.Contains(c.broken[0], want) {
		t.Errorf("broken: %q, want one with %q", c.broken, want)
	}
}

func TestChecker(t *testing.T) {
	type hearing struct {
		player string
		match  told
	}
	pair := func(id, room string, players ...string) told { return told{id, room, "q", players} }
	for name, test := range map[string]struct {
		heard []hearing
		want  string
	}{
		"all is well": {[]hearing{
			{"ann", pair("1", "r", "ann", "bob")}, {"bob", pair("1", "r", "bob", "ann")}, {"ann", pair("1", "r", "ann", "bob")},
		}, ""},
		"two matches": {[]hearing{
			{"ann", pair("1", "r", "ann", "bob")}, {"bob", pair("1", "r", "ann", "bob")},
			{"cid", pair("2", "s", "ann", "cid")}, {"ann", pair("2", "s", "ann", "cid")},
		}, "ann was told of two matches: 1 and 2"},
		"in a second match, without being told": {[]hearing{
			{"ann", pair("1", "r", "ann", "bob")}, {"bob", pair("1", "r", "ann", "bob")}, {"cid", pair("2", "s", "ann", "cid")},
		}, "ann was never told of the match 2"},
		"oneself":          {[]hearing{{"ann", pair("1", "r", "ann", "ann")}}, "has a player twice"},
		"nobody":           {[]hearing{{"ann", pair("1", "r", "ann")}}, "matched with nobody"},
		"others":           {[]hearing{{"ann", pair("1", "r", "x", "y")}}, "the match 1 of others"},
		"another queue":    {[]hearing{{"ann", told{"1", "r", "p", []string{"ann", "x"}}}}, "asked for q and was matched in p"},
		"different rooms":  {[]hearing{{"ann", pair("1", "r", "ann", "bob")}, {"bob", pair("1", "s", "ann", "bob")}}, "told different things"},
		"different people": {[]hearing{{"ann", pair("1", "r", "ann", "bob")}, {"bob", pair("1", "r", "bob", "x")}}, "told different things"},
	} {
		t.Run(name, func(t *testing.T) {
			c, before := newChecker(), map[string]string{}
			for _, h := range test.heard {
				if c.matched(&player{name: h.player, queue: "q"}, before[h.player], h.match) {
					before[h.player] = h.match.id
				}
			}
			c.finish(func(name string) bool { return before[name] != "" })
			wantBroken(t, c, test.want)
		})
	}
}

// newTestTally has one player, who has asked.
func newTestTally() (*tally, *player) {
	p := &player{name: "ann", queue: "q"}
	o := &options{answerWithin: time.Second, outcomeWithin: time.Minute, allow: map[string]bool{"overloaded": true}}
	t := newTally(o, []*player{p})
	t.asks(p, time.Now())
	return t, p
}

func TestTallyFindsBrokenPromises(t *testing.T) {
	match := told{"1", "r", "q", []string{"ann", "x"}}
	for name, test := range map[string]struct {
		happens func(t *tally, p *player)
		want    string
	}{
		"matched":   {func(t *tally, p *player) { t.isQueued(p, "t1", -1); t.isMatched(p, match, 0, time.Time{}) }, ""},
		"expired":   {func(t *tally, p *player) { t.isQueued(p, "t1", -1); t.hasEnded(p, "expired") }, ""},
		"no answer": {func(t *tally, _ *player) { t.overdue(time.Now().Add(2 * time.Second)) }, "no answer within 1s"},
		"no outcome": {func(t *tally, p *player) {
			t.isQueued(p, "t1", -1)
			t.overdue(time.Now().Add(2 * time.Minute))
		}, "no outcome within 1m0s"},
		"matched before queued": {func(t *tally, p *player) { t.isMatched(p, match, 0, time.Time{}) }, "before the ticket's id"},
		"matched unasked": {func(t *tally, p *player) {
			t.isQueued(p, "t1", -1)
			t.hasEnded(p, "expired")
			t.isMatched(p, match, 0, time.Time{})
		}, "without asking"},
		"lost":            {func(t *tally, p *player) { t.isQueued(p, "t1", -1); t.hasEnded(p, "lost") }, "lost the ticket t1"},
		"an error":        {func(t *tally, p *player) { t.fails(p, "internal", "it broke") }, "1 errors internal: it broke"},
		"allowed error":   {func(t *tally, p *player) { t.fails(p, "overloaded", "busy") }, ""},
		"queued already":  {func(t *tally, p *player) { t.isDuplicate(p, "t0") }, "already_queued"},
		"another ticket":  {func(t *tally, p *player) { t.isQueued(p, "t1", -1); t.isQueued(p, "t2", -1) }, "lost the ticket t1"},
		"never came back": {func(t *tally, p *player) { t.isQueued(p, "t1", -1); t.disconnects(p); t.hasEnded(p, "x") }, ""},
		"back, no ticket": {func(t *tally, p *player) { t.isQueued(p, "t1", -1); t.disconnects(p); t.isBack(p) }, "while the connection was broken"},
		"error on return": {func(t *tally, p *player) {
			t.isQueued(p, "t1", -1)
			t.disconnects(p)
			t.fails(p, "overloaded", "busy")
			t.isMatched(p, match, 0, time.Time{})
		}, ""},
		"asked again": {func(t *tally, p *player) { t.disconnects(p); t.isDuplicate(p, "t1"); t.isBack(p) }, ""},
		"away for ever": {func(t *tally, p *player) {
			t.isQueued(p, "t1", -1)
			t.hasEnded(p, "expired")
			t.disconnects(p)
			t.overdue(time.Now().Add(2 * time.Minute))
		}, "could not come back"},
	} {
		t.Run(name, func(t *testing.T) {
			all, p := newTestTally()
			test.happens(all, p)
			all.conclude()
			wantBroken(t, all.checker, test.want)
			if all.asking < 0 || all.open < all.asking || all.away < 0 {
				t.Errorf("open %d, asking %d, away %d", all.open, all.asking, all.away)
			}
		})
	}
}
