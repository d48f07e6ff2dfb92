package games

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

// lasting are times with long invitations and graces.
func lasting() quiz.Config {
	c := patient()
	c.Grace = time.Minute
	return c
}

// Many invite one player at once, on two nodes: 20 invitations are open, and the others' pairs are not locked.
func TestOpenInvitationsToAPlayer(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		watchSteps(env)
		one, two := serve(t, env, lasting()), serve(t, env, lasting())
		b := one.arrive("b")
		var fans []quiz.Participant
		for i := range quiz.MaxInvited + 6 {
			fans = append(fans, []*server{one, two}[i%2].arrive(fmt.Sprint("fan", i)))
		}
		var (
			all     sync.WaitGroup
			invited atomic.Int64
			refused = make([]bool, len(fans))
		)
		for i, fan := range fans {
			all.Go(func() {
				_, err := []*server{one, two}[i%2].Invite(t.Context(), fan, wire.ID{Name: "b"})
				if err == nil {
					invited.Add(1)
					return
				}
				wantCode(t, err, wire.CodeTooManyInvitations)
				refused[i] = true
			})
		}
		all.Wait()
		state, err := two.State(t.Context(), "b")
		if err != nil || len(state.Invitations) != quiz.MaxInvited || invited.Load() != quiz.MaxInvited {
			t.Fatalf("%d invitations, %d were made, %v", len(state.Invitations), invited.Load(), err)
		}
		if commands := one.commands(func(ctx context.Context) error { return one.PlayerBack(ctx, "b", b.SID) }); commands > 2 {
			t.Errorf("coming back takes %d calls", commands)
		}
		if commands := one.commands(func(ctx context.Context) error { return one.PlayerGone(ctx, "b") }); commands > 1 {
			t.Errorf("going takes %d calls", commands)
		}
		if commands := one.commands(func(ctx context.Context) error { _, err := one.State(ctx, "b"); return err }); commands > 2 {
			t.Errorf("the state takes %d calls", commands)
		}
		for i, fan := range fans {
			if !refused[i] {
				continue
			}
			_, err := one.Invite(t.Context(), fan, wire.ID{Name: "b"})
			wantCode(t, err, wire.CodeTooManyInvitations)
			_, err = one.Decline(t.Context(), state.Invitations[0]["roomId"].(string), b)
			one.must(err)
			one.invites(fan, "b")
			return
		}
	})
}

func TestOpenInvitationsByAPlayer(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		one, two := serve(t, env, lasting()), serve(t, env, lasting())
		a := one.arrive("a")
		var all sync.WaitGroup
		var invited atomic.Int64
		for i := range quiz.MaxInviting + 4 {
			friend := wire.ID{Name: fmt.Sprint("friend", i)}
			two.arrive(friend.Name)
			all.Go(func() {
				if _, err := []*server{one, two}[i%2].Invite(t.Context(), a, friend); err == nil {
					invited.Add(1)
				} else {
					wantCode(t, err, wire.CodeTooManyInvitations)
				}
			})
		}
		all.Wait()
		rooms, err := one.rooms.Of(t.Context(), "a", quiz.SeatInviting)
		if err != nil || len(rooms) != quiz.MaxInviting || invited.Load() != quiz.MaxInviting {
			t.Fatalf("%d invitations, %d were made, %v", len(rooms), invited.Load(), err)
		}
		one.must(one.Leave(t.Context(), rooms[0], a))
		two.arrive("another")
		one.invites(a, "another")
	})
}

// commands returns how many calls to Redis an action makes.
func (s *server) commands(act func(context.Context) error) int64 {
	s.t.Helper()
	const many = 1 << 20
	ctx, steps := after(s.t.Context(), many, func() {})
	s.must(act(ctx))
	return many - steps.left.Load()
}
