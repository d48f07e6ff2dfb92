package work

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/space"
)

// State is the state of a group.
type State struct {
	Group                        string
	Kinds                        []string
	Workers, Ready, Leased, Dead int64
	Done, Buried, Dropped, Gaps  int64
	Unreadable                   int64         // entries
	Idle                         time.Duration // until it goes, unless a worker calls
}

var (
	groupsScript = space.Bind[groupsArgs]("match/groups")
	deadScript   = space.Bind[deadArgs]("match/dead_letters")
	settleScript = space.Bind[settleArgs]("match/settle_dead")
)

type groupsArgs struct {
	Rows []groupArgs `lua:"row"`
}

type deadArgs struct {
	Group  string `lua:"group"`
	Offset int    `lua:"offset"`
	Limit  int    `lua:"limit"`
}

type settleArgs struct {
	Group string   `lua:"group"`
	Again bool     `lua:"again"`
	Rows  []idArgs `lua:"row"`
}

type idArgs struct {
	ID string `lua:"id"`
}

// Groups returns the states of all groups, those first that expire first.
func Groups(ctx context.Context, in *space.Space) ([]State, error) {
	names, err := space.Members(ctx, in, space.Groups, -1)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	args := groupsArgs{Rows: make([]groupArgs, len(names))}
	for i, name := range names {
		args.Rows[i].Group = name
	}
	r, err := groupsScript.Call(ctx, in, args)
	if err != nil {
		return nil, err
	}
	return decodeGroups(r, names)
}

func decodeGroups(r *space.Reply, names []string) ([]State, error) {
	now := r.Number()
	var states []State
	for _, name := range names {
		list := r.List()
		ends := list.Text()
		s := State{Group: name, Kinds: strings.Fields(list.Text())}
		for _, total := range []*int64{&s.Done, &s.Buried, &s.Dropped, &s.Gaps, &s.Unreadable} {
			*total = number(list, list.Text())
		}
		for _, n := range []*int64{&s.Ready, &s.Leased, &s.Dead, &s.Workers} {
			*n = list.Number()
		}
		if ends != "" { // else it was deleted meanwhile
			s.Idle = time.Duration(number(list, ends)-now) * time.Millisecond
			states = append(states, s)
		}
		r.Done(list)
	}
	return states, r.Err
}

// number reads a number that Redis keeps as text.
func number(r *space.Reply, text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		r.Failf("%q is not a number", text)
	}
	return n
}

// Letter is a dead letter.
type Letter struct {
	ID       string
	Since    time.Time
	Delivery int
	Problem  string
	Fields   map[string]string // of its event, as codec.ParseEntry reads them
}

// DeadLetters lists some of a group's dead letters, newest first, and how many there are in all. ok is false if there is
// no such group.
func DeadLetters(ctx context.Context, in *space.Space, group string, offset, limit int) (letters []Letter, total int64, ok bool, err error) {
	r, err := deadScript.Call(ctx, in, deadArgs{Group: group, Offset: offset, Limit: limit})
	if err != nil {
		return nil, 0, false, err
	}
	return decodeLetters(r)
}

func decodeLetters(r *space.Reply) (letters []Letter, total int64, ok bool, err error) {
	if r.Text() == "none" {
		return nil, 0, false, r.Err
	}
	total = r.Number()
	for r.More() {
		l := Letter{ID: r.Text(), Since: time.UnixMilli(number(r, r.Text())), Delivery: int(number(r, r.Text())), Problem: r.Text()}
		l.Fields = codec.ParseWork(r.Text())
		letters = append(letters, l)
	}
	return letters, total, true, r.Err
}

// Settle delivers dead letters again, or removes them, and returns the ids of those that it found. ok is false if there
// is no such group.
func Settle(ctx context.Context, in *space.Space, group string, again bool, ids []string) (found []string, ok bool, err error) {
	args := settleArgs{Group: group, Again: again, Rows: make([]idArgs, len(ids))}
	for i, id := range ids {
		args.Rows[i].ID = id
	}
	r, err := settleScript.Call(ctx, in, args)
	if err != nil {
		return nil, false, err
	}
	ok = r.Text() == "there"
	return r.Texts(), ok, r.Err
}
