package main

import (
	"fmt"
	"slices"
	"strings"
)

// told is a match as one of its players was told of it.
type told struct {
	id, room, queue string
	players         []string
}

// checker holds what players are told against each other. It is not safe for concurrent use.
type checker struct {
	broken  []string // the first of the broken promises
	more    int      // further ones
	repeats int      // a player was told of a match again, which is allowed: pushes come at least once
	matches map[string]*match
}

// match is a match that was told of. Matches are many, so it is small.
type match struct {
	told             // as its first player was told
	hearers []string // players that were told
}

// maxBroken is the number of broken promises that are kept in full.
const maxBroken = 20

func newChecker() *checker { return &checker{matches: map[string]*match{}} }

// breakf notes a broken promise.
func (c *checker) breakf(format string, args ...any) {
	if len(c.broken) < maxBroken {
		c.broken = append(c.broken, fmt.Sprintf(format, args...))
	} else {
		c.more++
	}
}

// matched notes that a player was told of a match. before is the match that the player was told of for the same ticket,
// "" for none. It reports whether this is news.
func (c *checker) matched(p *player, before string, m told) bool {
	known := c.matches[m.id]
	if known != nil && slices.Contains(known.hearers, p.name) {
		c.repeats++
		return false
	}
	slices.Sort(m.players)
	switch {
	case before != "":
		c.breakf("%s was told of two matches: %s and %s", p.name, before, m.id)
	case len(slices.Compact(slices.Clone(m.players))) != len(m.players):
		c.breakf("the match %s has a player twice: %s", m.id, strings.Join(m.players, ", "))
	case len(m.players) < 2:
		c.breakf("%s was matched with nobody: match %s", p.name, m.id)
	case !slices.Contains(m.players, p.name):
		c.breakf("%s was told of the match %s of others: %s", p.name, m.id, strings.Join(m.players, ", "))
	case m.queue != p.queue:
		c.breakf("%s asked for %s and was matched in %s: match %s", p.name, p.queue, m.queue, m.id)
	}
	if known == nil {
		c.matches[m.id] = &match{told: m, hearers: []string{p.name}}
		return true
	}
	known.hearers = append(known.hearers, p.name)
	if known.room != m.room || known.queue != m.queue || !slices.Equal(known.players, m.players) {
		c.breakf("players of the match %s were told different things: %v and %v", m.id, known.told, m)
	}
	return true
}

// finish checks that all players of each match were told. Those that are not ours, of another program, can't be asked.
func (c *checker) finish(ours func(name string) bool) {
	for id, m := range c.matches {
		for _, name := range m.players {
			if ours(name) && !slices.Contains(m.hearers, name) {
				c.breakf("%s was never told of the match %s", name, id)
			}
		}
	}
}
