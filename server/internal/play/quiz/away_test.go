package quiz

import (
	"testing"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// over returns the last game_over that was told.
func (t *Change) over() resultsPayload {
	for _, m := range t.Messages {
		if over, ok := m.Data.(resultsPayload); ok {
			return over
		}
	}
	return resultsPayload{}
}

func wantOver(t *testing.T, g *Change, reason string, forfeitedBy ...string) {
	t.Helper()
	over := g.over()
	var names []string
	for _, id := range over.ForfeitedBy {
		names = append(names, id.Name)
	}
	if over.Reason != reason || !same(names, forfeitedBy) {
		t.Errorf("%q by %v, want %q by %v", over.Reason, names, reason, forfeitedBy)
	}
}

func TestWhoForfeited(t *testing.T) {
	g := newGame("a", "b")
	g.gone("a")
	wantOver(t, g, Forfeit, "a")

	g = newGame("a", "b", "c") // one leaves and two play on
	_ = g.Leave("c")
	_, _ = g.Request("a", Wish{Limit: 1})
	_, _ = g.says("a", "q0", "0")
	_, _ = g.says("b", "q0", "0")
	wantOver(t, g, Finished, "c")
	if got := string(wire.Encode(g.over())); got != `{"roomId":"room","results":[{"id":"a","score":100,"correct":1,"answered":1},`+
		`{"id":"b","score":100,"correct":1,"answered":1},{"id":"c","score":0,"correct":0,"answered":0}],"reason":"finished","forfeitedBy":["c"]}` {
		t.Error(got)
	}
}

// The server is away for longer than the grace, and one player comes back before the other.
func TestServerWasAway(t *testing.T) {
	for name, comes := range map[string]func(*Change){
		"one by one": func(g *Change) {
			g.SetBack("b", "new")
			wantTold(t, g.told(), "opponent_back>a opponent_away>b")
			g.Now += 49
			wantTold(t, g.wakeAt(), "")
			g.SetBack("a", "new")
			wantTold(t, g.told(), "opponent_back>b")
		},
		"after a look": func(g *Change) {
			wantTold(t, g.wakeAt(), "opponent_away>b opponent_away>a")
			g.Now += 49
			g.SetBack("b", "new")
			g.Now += 49
			g.SetBack("a", "new")
			g.told()
		},
	} {
		g := newGame("a", "b")
		g.SetAway("a")
		g.SetAway("b")
		g.told()
		g.Now += 8000
		g.Since, g.Ends = g.Now, g.Now+5000
		comes(g)
		g.Now += 100
		if told := g.wakeAt(); told != "" || g.Phase != Open {
			t.Errorf("%s: told %q, %s", name, told, g.Phase)
		}
	}
}

// wakeAt is wake without advancing.
func (t *Change) wakeAt() string {
	for _, name := range t.Overdue() {
		t.GiveUp(name)
	}
	t.Tick()
	return t.told()
}

func TestNobodyComesBack(t *testing.T) {
	g := newGame("a", "b")
	g.SetAway("a")
	g.Now += 30
	g.SetAway("b")
	g.told()
	g.Now += 20
	wantTold(t, g.wakeAt(), "") // a waits for b's end
	g.Now += 30
	g.GiveUp("a")
	g.GiveUp("b")
	wantOver(t, g, Void)
	wantTold(t, g.told(), "game_over>a game_over>b")
}

// All were away, and only one comes: that one wins after a fresh grace.
func TestOneComesBack(t *testing.T) {
	g := newGame("a", "b")
	g.SetAway("a")
	g.SetAway("b")
	g.Now += 49
	g.SetBack("b", "")
	if g.Players[0].Away != g.Now+50 {
		t.Errorf("a has %d ms", g.Players[0].Away-g.Now)
	}
	g.told()
	g.Now += 50
	g.GiveUp("a")
	wantOver(t, g, Forfeit, "a")
}

// A player who has finished can win, wherever they are.
func TestFinishedAndAway(t *testing.T) {
	g := newGame("a", "b")
	_, _ = g.Request("a", Wish{Limit: 1})
	_, _ = g.says("a", "q0", "0")
	g.SetAway("a")
	g.SetAway("b")
	g.Now += 50
	g.GiveUp("a")
	g.GiveUp("b")
	wantOver(t, g, Forfeit, "b")
}

func TestTimeIsUp(t *testing.T) {
	g := newGame("a", "b")
	g.Now = g.Ends
	g.Tick()
	wantOver(t, g, Void)
}

func TestWaitingForStart(t *testing.T) {
	start := func(names ...string) *Change {
		g := newGame(names...)
		_ = g.Start("a", Wish{})
		g.Now += times.StartWait.Milliseconds() - 1
		_ = g.Start("a", Wish{}) // the wait goes on
		g.told()
		return g
	}
	g := start("a", "b")
	_ = g.Leave("a")
	wantOver(t, g, Forfeit, "a")

	for name, leave := range map[string]func(*Change){
		"leaves": func(g *Change) { _ = g.Leave("a") },
		"gone":   func(g *Change) { g.SetGone("a"); g.GiveUp("a") },
	} {
		g = start("a", "b")
		g.Now++
		leave(g)
		if wantOver(t, g, Void); len(g.Seats()) > 0 {
			t.Errorf("%s: %v", name, g.Seats())
		}
	}

	g = start("a", "b") // b has not waited
	g.Now++
	_ = g.Leave("b")
	wantOver(t, g, Forfeit, "b")

	g = start("a", "b", "c") // the others can play without a
	g.Now++
	_ = g.Leave("a")
	wantTold(t, g.told(), "")
	if err := g.Start("a", Wish{}); code(err) != wire.CodeExpired {
		t.Error(err)
	}
	_, _ = g.Start("b", Wish{Limit: 1}), g.Start("c", Wish{})
	wantTold(t, g.told(), "game_starting>b game_starting>c")
	_ = g.Leave("b")
	wantOver(t, g, Forfeit, "b")
}

// Nobody learns from scores whether an answer to the open question is right.
func TestScoresOfAnOpenQuestion(t *testing.T) {
	g := newGame("a", "b")
	_, _ = g.Start("a", Wish{Limit: 2}), g.Start("b", Wish{})
	g.wake()
	scores := func() [2]int {
		s := g.State("b", g.Now).Scores
		return [2]int{s[0].Score, s[1].Score}
	}
	_, _ = g.says("a", "q0", "0")
	if got := scores(); got != [2]int{} {
		t.Error("while it is open:", got)
	}
	g.told()
	_, _ = g.says("b", "q0", "1")
	if got := scores(); got != [2]int{200, 0} {
		t.Error("when it is closed:", got)
	}
	closed := g.Messages[len(g.Messages)-1].Data.(closedPayload)
	if closed.Scores[0].Score != 200 {
		t.Errorf("%+v", closed)
	}
	g.wake()
	g.Now += times.Question.Milliseconds() / 2
	_, _ = g.says("a", "q1", "1")
	if got := scores(); got != [2]int{200, 0} {
		t.Error("while the next is open:", got)
	}
}

func TestSeats(t *testing.T) {
	g := NewInvitation("room", times, 1000, who("a", "b")...)
	g.Deal = dealt
	want := func(want ...Seat) {
		t.Helper()
		if got := g.Seats(); !same(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	want(Seat{"a", SeatInviting}, Seat{"b", SeatInvited})
	claim, _, _ := g.Claim("b")
	want(Seat{"a", SeatInviting}, Seat{"a", SeatPlaying}, Seat{"b", SeatInvited})
	if g.Alone != "a" {
		t.Error(g.Alone)
	}
	g.Release(claim)
	want(Seat{"a", SeatInviting}, Seat{"b", SeatInvited})
	_, _ = g.Accept("b")
	want(Seat{"a", SeatPlaying}, Seat{"b", SeatPlaying})
	_, _ = g.Request("a", Wish{Set: wire.ID{Name: "x"}, Limit: 1})
	_, _ = g.says("a", "q0", "0")
	want(Seat{"a", SeatFinished}, Seat{"b", SeatPlaying})
	_ = g.Leave("b")
	want()
}

// An opponent who reconnects all the time does not fill the outboxes of the others. After a while they hear again.
func TestConnectionThatBreaksAllTheTime(t *testing.T) {
	g := newGame("a", "b")
	heard := 0
	for range 100 {
		g.SetAway("b")
		g.SetBack("b", "new")
		heard += len(g.Messages)
		g.Messages = nil
	}
	if heard != 2*maxBreaks {
		t.Errorf("a heard %d events", heard)
	}
	g.SetAway("b")
	if state := g.State("a", g.Now); !state.OpponentAway {
		t.Error("b does not count as away")
	}
	g.SetBack("b", "new")
	g.Now += breaksIn.Milliseconds() + 1
	g.SetAway("b")
	g.SetBack("b", "new")
	wantTold(t, g.told(), "opponent_away>a opponent_back>a")
}
