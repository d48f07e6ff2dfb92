package quiz

import (
	"testing"

	"github.com/matchq/matchq/server/internal/base/wire"
)

func TestInvitation(t *testing.T) {
	g := NewInvitation("room", times, 1000, who("a", "b")...)
	g.Deal = dealt
	sends := 0
	for g.Phase == Invited {
		if told := g.told(); told == InvitationEvent+">b" {
			sends++
			g.wake2()
			continue
		}
		g.wake2()
	}
	if took := g.Now - 1000; sends != 11 || took != 550 {
		t.Errorf("%d sends in %d ms", sends, took)
	}
	wantTold(t, g.told(), "friend_request_declined>a friend_request_declined>b")
	if _, err := g.Accept("b"); code(err) != wire.CodeExpired || !g.Closed() {
		t.Error(err)
	}
}

// wake2 is wake, but keeps the events.
func (t *Change) wake2() {
	t.Now = max(t.Now, t.WakeAt())
	t.Tick()
}

func TestAnswersToInvitations(t *testing.T) {
	invite := func() *Change {
		g := NewInvitation("room", times, 1000, who("a", "b")...)
		g.Deal = dealt
		g.told()
		return g
	}
	g := invite()
	for name, want := range map[string]wire.Code{"a": wire.CodeForbidden, "c": wire.CodeNotFound} {
		_, accept := g.Accept(name)
		_, decline := g.Decline(name)
		if code(accept) != want || code(decline) != want {
			t.Errorf("%s: %v, %v", name, accept, decline)
		}
	}
	if _, err := g.Request("a", Wish{}); code(err) != wire.CodeNotFound {
		t.Error("played before it was accepted:", err)
	}
	first, err := g.Accept("b")
	again, err2 := g.Accept("b")
	if err != nil || err2 != nil || !same(first, again) || g.told() != "created_friend_match>a" {
		t.Error(first, again, err, err2)
	}
	if _, err := g.Decline("b"); code(err) != wire.CodeExpired {
		t.Error(err)
	}
	if _, err := g.Request("a", Wish{}); code(err) != wire.CodeInvalid {
		t.Error("no questionnaire was given:", err)
	}
	if d, err := g.Request("b", Wish{Set: wire.ID{Name: "7", Number: true}}); err != nil || len(d.Questions) != defaultLimit {
		t.Error(d, err)
	}
	g = invite()
	r, err := g.Decline("b")
	r2, err2 := g.Decline("b")
	if err != nil || err2 != nil || r.Reason != Declined || !same(r, r2) || g.told() != "friend_request_declined>a" {
		t.Error(r, r2, err, err2)
	}
	g = invite()
	g.SetAway("b")
	g.SetAway("a")
	g.Now = g.WakeAt()
	g.gone("b")
	g.gone("a")
	wantTold(t, g.told(), "friend_request_declined>a friend_request_declined>b")
}

// During a claim nothing ends an invitation; actions that would have ended it count later.
func TestClaimedInvitation(t *testing.T) {
	invite := func() (*Change, int64) {
		g := NewInvitation("room", times, 1000, who("a", "b")...)
		g.Deal, g.Now = dealt, g.Ends-1
		g.told()
		claim, done, err := g.Claim("b")
		if claim <= g.Ends || done || err != nil || g.WakeAt() != claim {
			t.Fatal(claim, done, err, g.WakeAt())
		}
		return g, claim
	}
	const declined = "friend_request_declined>a friend_request_declined>b"
	ways := map[string]func(*Change){
		"leaving": func(g *Change) { _ = g.Leave("a") },
		"gone":    func(g *Change) { g.gone("a") },
		"expiry":  func(g *Change) { g.Now = g.Ends; g.Tick() },
		"decline": func(g *Change) {
			if _, err := g.Decline("b"); code(err) != wire.CodeExpired {
				t.Error(err)
			}
			g.Now = g.Ends
		},
	}
	accepted := map[string]string{
		"leaving": "created_friend_match>a game_over>a game_over>b", "gone": "created_friend_match>a opponent_away>b",
		"expiry": "created_friend_match>a", "decline": "created_friend_match>a",
	}
	for name, act := range ways {
		g, _ := invite()
		act(g)
		wantTold(t, g.told(), "")
		if _, err := g.Accept("b"); err != nil || g.Claimed != 0 {
			t.Error(name, err, g.Claimed)
		}
		wantTold(t, g.told(), accepted[name])

		g, claim := invite()
		act(g)
		g.Release(claim - 1) // another claim
		wantTold(t, g.told(), "")
		g.Now = g.Ends
		g.Release(claim)
		wantTold(t, g.told()+g.wake(), declined)

		g, _ = invite() // and the claim is not released
		act(g)
		g.wake2()
		for range 3 {
			g.wake2()
			for _, name := range g.Overdue() {
				g.GiveUp(name)
			}
		}
		wantTold(t, g.told(), declined)
	}
	g, claim := invite()
	if again, _, err := g.Claim("b"); err != nil || again <= claim {
		t.Error("a claim is told from the one before:", again, err)
	}
	g.Now = g.Ends
	if _, _, err := g.Claim("b"); code(err) != wire.CodeExpired {
		t.Error("the claim does not end:", err)
	}
	if _, _, err := g.Claim("a"); code(err) != wire.CodeForbidden {
		t.Error(err)
	}
}
