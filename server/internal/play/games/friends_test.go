package games

import (
	"encoding/json"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/matchq/rooms"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

// unhurried are the times of fast, with invitations that end only by a step of a test.
func unhurried() quiz.Config {
	config := fast
	config.Resend = time.Minute
	return config
}

// invites lets a player invite another and returns the room.
func (s *server) invites(who quiz.Participant, friend string) string {
	s.t.Helper()
	users, err := s.Invite(s.t.Context(), who, wire.ID{Name: friend})
	if err != nil || users == nil {
		s.t.Fatalf("%v, %v", users, err)
	}
	return users["roomId"].(string)
}

func TestFriendMatch(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		lasting := fast
		lasting.MaxSends = 1000
		one, two := serve(t, env, lasting), serve(t, env, lasting)
		a := one.arrive("a")
		if users, err := one.Invite(t.Context(), a, wire.ID{Name: "b"}); err != nil || users != nil {
			t.Errorf("b is not online: %v, %v", users, err)
		}
		_, err := one.Invite(t.Context(), a, wire.ID{Name: "a"})
		wantCode(t, err, wire.CodeInvalid)
		b := two.arrive("b")
		room := one.invites(a, "b")
		for range 3 {
			got := two.hears("b", quiz.InvitationEvent)
			if got["roomId"] != room || got["user1"].(map[string]any)["sid"] != a.SID {
				t.Errorf("%v", got)
			}
		}
		if again := one.invites(a, "b"); again != room {
			t.Errorf("invited to %s and %s", room, again)
		}
		_, err = two.Invite(t.Context(), b, wire.ID{Name: "a"})
		wantCode(t, err, wire.CodeAlreadyInvited)
		if s, err := two.State(t.Context(), "b"); err != nil || len(s.Invitations) != 1 || s.Room != nil {
			t.Errorf("%+v, %v", s, err)
		}
		_, err = one.Accept(t.Context(), room, a)
		wantCode(t, err, wire.CodeForbidden)
		stranger := one.arrive("c")
		_, err = one.Accept(t.Context(), room, stranger)
		wantCode(t, err, wire.CodeNotFound)

		if _, err := one.m.Enqueue(t.Context(), matchq.Request{Queue: "x", Player: "a"}); err != nil {
			t.Fatal(err)
		}
		if _, err := two.Accept(t.Context(), room, b); err != nil {
			t.Fatal(err)
		}
		if got := one.hears("a", "created_friend_match"); got["roomId"] != room {
			t.Errorf("%v", got)
		}
		if ticket, err := one.m.TicketOf(t.Context(), "a"); err != nil || ticket.State != matchq.Cancelled || ticket.Reason != reasonFriendMatch {
			t.Errorf("%+v, %v", ticket, err)
		}
		two.forgets("b")
		one.selfPaced(room, two, a, b)
		if two.count("b", quiz.InvitationEvent) > 0 {
			t.Error("the invitation is still sent")
		}
		if other := one.invites(a, "b"); other == room {
			t.Error("the room is used again")
		}
	})
}

// forgets drops the messages to a player until now, and may be on its way.
func (s *server) forgets(player string) {
	s.t.Helper()
	s.must(s.p.Send(s.t.Context(), presence.Message{Player: player, Event: "last", Data: json.RawMessage("{}")}))
	s.hears(player, "last")
}

// selfPaced plays a game of two questions to its end.
func (s *server) selfPaced(room string, other *server, a, b quiz.Participant) {
	s.t.Helper()
	ctx := s.t.Context()
	first, err := s.Request(ctx, room, a, quiz.Wish{Set: wire.ID{Name: "korea"}, Limit: 2})
	s.must(err)
	second, err := other.Request(ctx, room, b, quiz.Wish{Set: wire.ID{Name: "music"}, Limit: 3})
	s.must(err)
	if first.Questions[0].ID != second.Questions[0].ID || len(second.Questions) != 2 || second.QuestionaireID.Name != "korea" {
		s.t.Errorf("%v and %v", first, second)
	}
	for _, q := range first.Questions {
		result, err := s.Answer(ctx, room, a, q.ID, json.RawMessage(`0`))
		s.must(err)
		if again, err := s.Answer(ctx, room, a, q.ID, json.RawMessage(`1`)); err != nil || *again.User.Answer.Correct != *result.User.Answer.Correct {
			s.t.Errorf("%+v, %v", again, err)
		}
		_, err = other.Answer(ctx, room, b, q.ID, json.RawMessage(`1`))
		s.must(err)
	}
	if over := s.hears("a", "game_over"); over["reason"] != "finished" {
		s.t.Errorf("%v", over)
	}
	other.hears("b", "game_over")
}

func TestInvitationIsSentWhoeverLives(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		config := fast
		config.MaxSends = 1000
		one, two := serve(t, env, config), serve(t, env, config)
		a, b := one.arrive("a"), two.arrive("b")
		room := one.invites(a, "b")
		one.stop() // as a crash; the other node continues
		two.forgets("b")
		for range 3 {
			if got := two.hears("b", quiz.InvitationEvent); got["roomId"] != room {
				t.Errorf("%v", got)
			}
		}
		_, err := two.Decline(t.Context(), room, b)
		two.must(err)
	})
}

func TestInvitationExpiresWhoeverLives(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		one, two := serve(t, env, fast), serve(t, env, fast)
		other := serve(t, env, fast)
		a := one.arrive("a")
		b := two.arrive("b")
		began := time.Now()
		room := one.invites(a, "b")
		one.stop() // as a crash; the other nodes continue
		two.hears("b", "friend_request_declined")
		if took := time.Since(began); took < time.Duration(fast.MaxSends)*fast.Resend {
			t.Errorf("expired after %v", took)
		}
		_, err := two.Accept(t.Context(), room, b)
		wantCode(t, err, wire.CodeExpired)
		messages, _, err := other.p.Mailbox(t.Context(), "b", "0-0")
		sends := 0
		for _, msg := range messages {
			if msg.Event == quiz.InvitationEvent {
				sends++
			}
		}
		if err != nil || sends < 1 || sends > fast.MaxSends { // a busy machine skips any that were due while no node ran
			t.Errorf("%d sends, %v", sends, err)
		}
	})
}

func TestDeclinedAndGivenUp(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		config := unhurried()
		config.Grace = brief().Grace
		one := serve(t, env, config)
		a, b := one.arrive("a"), one.arrive("b")
		room := one.invites(a, "b")
		if refused, err := one.Decline(t.Context(), room, b); err != nil || refused.Reason != "declined" {
			t.Errorf("%+v, %v", refused, err)
		}
		if got := one.hears("a", "friend_request_declined"); got["reason"] != "declined" {
			t.Errorf("%v", got)
		}
		two := serve(t, env, config)
		room = two.invites(a, "b")
		one.leave(a)
		if got := one.hears("b", "friend_request_declined"); got["reason"] != "expired" || got["roomId"] != room {
			t.Errorf("%v", got)
		}
	})
}

// Both invite each other at the same moment: there is one invitation.
func TestOneInvitationAPair(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		one, two := serve(t, env, unhurried()), serve(t, env, unhurried())
		who := map[*server]quiz.Participant{one: one.arrive("a"), two: two.arrive("b")}
		var (
			all   sync.WaitGroup
			mu    sync.Mutex
			rooms = map[string]bool{}
		)
		for s, friend := range map[*server]string{one: "b", two: "a"} {
			for range 4 {
				all.Go(func() {
					users, err := s.Invite(t.Context(), who[s], wire.ID{Name: friend})
					if err != nil {
						if wire.ErrorOf(err).Code != wire.CodeAlreadyInvited {
							t.Error(err)
						}
						return
					}
					mu.Lock()
					defer mu.Unlock()
					rooms[users["roomId"].(string)] = true
				})
			}
		}
		all.Wait()
		if len(rooms) != 1 {
			t.Errorf("%d invitations", len(rooms))
		}
	})
}

// A node stopped between the lock of an invitation and its room. Either of the two can invite the other all the same.
func TestInvitationThatStoppedHalfway(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		one := serve(t, env, unhurried())
		who := map[string]quiz.Participant{"a": one.arrive("a"), "b": one.arrive("b")}
		for inviter, invited := range map[string]string{"a": "b", "b": "a"} {
			lock, _ := one.rooms.Get(t.Context(), pairName("a", "b")) // without one, it has the time all the same
			id := friendRoom + "stopped-" + inviter
			_, err := one.rooms.Change(t.Context(), rooms.Change{
				ID: lock.ID, Version: lock.Version, Doc: []byte(strconv.FormatInt(lock.Now.UnixMilli(), 10) + " " + id), Keep: time.Minute,
			})
			one.must(err)
			if room := one.invites(who[inviter], invited); room != id {
				t.Errorf("the room is %s, not %s", room, id)
			}
			if got := one.hears(invited, quiz.InvitationEvent); got["roomId"] != id {
				t.Errorf("%s hears of %v", invited, got)
			}
			_, err = one.Decline(t.Context(), id, who[invited])
			one.must(err)
		}
	})
}
