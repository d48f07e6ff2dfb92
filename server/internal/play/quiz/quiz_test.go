package quiz

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/questions"
)

func who(names ...string) []Participant {
	all := make([]Participant, len(names))
	for i, name := range names {
		all[i] = Participant{wire.ID{Name: name}, "sid-" + name}
	}
	return all
}

func newGame(names ...string) *Change {
	t := NewMatch("room", wire.ID{Name: "history"}, times, 1000, who(names...))
	t.Deal = dealt
	return t
}

// told returns the events since the last call: "event>player …".
func (t *Change) told() string {
	var all []string
	for _, m := range t.Messages {
		all = append(all, m.Event+">"+m.To)
	}
	t.Messages = nil
	return strings.Join(all, " ")
}

// wake advances to the next due time.
func (t *Change) wake() string {
	t.Now = max(t.Now, t.WakeAt())
	for _, name := range t.Overdue() {
		t.GiveUp(name)
	}
	t.Tick()
	return t.told()
}

// gone says that a player was away for the whole grace.
func (t *Change) gone(name string) {
	t.SetGone(name)
	t.GiveUp(name)
}

func wantTold(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}

func code(err error) wire.Code {
	if err == nil {
		return ""
	}
	return wire.ErrorOf(err).Code
}

func (t *Change) says(name, item, answer string) (*Answered, error) {
	return t.Answer(name, wire.ID{Name: item}, json.RawMessage(answer))
}

func TestPacedGame(t *testing.T) {
	g := newGame("a", "b")
	if err := g.Start("a", Wish{Limit: 2}); err != nil || g.told() != "" {
		t.Fatal(err)
	}
	if err := g.Start("b", Wish{Limit: 9}); err != nil {
		t.Fatal(err)
	}
	wantTold(t, g.told(), "game_starting>a game_starting>b")
	if _, err := g.says("a", "q0", "0"); code(err) != wire.CodeNotFound {
		t.Error("answered before it was asked:", err)
	}
	wantTold(t, g.wake(), "question_started>a question_started>b")
	if _, err := g.says("a", "q1", "0"); code(err) != wire.CodeNotFound {
		t.Error("answered a question to come:", err)
	}
	g.Now += 50 // of 100
	if _, err := g.says("a", "q0", "0"); err != nil || g.NotAfter != g.At-1 {
		t.Error(err)
	}
	wantTold(t, g.told(), "get_answer_result>b")
	if _, err := g.says("b", "q0", `"b"`); err != nil {
		t.Error(err)
	}
	wantTold(t, g.told(), "get_answer_result>a question_closed>a question_closed>b")
	if a, b := g.Players[0], g.Players[1]; a.Score != pointsCorrect+maxSpeedBonus/2 || b.Score != 0 {
		t.Errorf("%+v, %+v", a, b)
	}
	wantTold(t, g.wake(), "question_started>a question_started>b")
	g.Now = g.At
	if _, err := g.says("a", "q1", "1"); code(err) != wire.CodeTooLate {
		t.Error(err)
	}
	if r, err := g.says("a", "q0", "2"); err != nil || r.User.Answer.Correct != nil {
		t.Error("a repeat after the end:", r, err)
	}
	wantTold(t, g.wake(), "question_closed>a question_closed>b game_over>a game_over>b")
	if g.Reason != Finished || g.WakeAt() != 0 {
		t.Errorf("%+v", g.Room)
	}
}

// TestTheLastQuestionCountsDouble in games of five questions or more.
func TestTheLastQuestionCountsDouble(t *testing.T) {
	for limit, worth := range map[int]int{4: 1, 5: 2} {
		g := newGame("a", "b")
		for _, name := range []string{"a", "b"} {
			if err := g.Start(name, Wish{Limit: limit}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range limit {
			g.wake()
			before := g.Players[0].Score
			g.Now += 50 // of 100
			for _, name := range []string{"a", "b"} {
				if _, err := g.says(name, fmt.Sprint("q", i), fmt.Sprint(i%3)); err != nil {
					t.Fatal(err)
				}
			}
			want := pointsCorrect + maxSpeedBonus/2
			if i == limit-1 {
				want *= worth
			}
			if gain := g.Players[0].Score - before; gain != want {
				t.Errorf("question %d of %d: %d points, want %d", i+1, limit, gain, want)
			}
		}
	}
}

func TestSelfPacedGame(t *testing.T) {
	g := newGame("a", "b")
	first, err := g.Request("a", Wish{Set: wire.ID{Name: "other"}, Limit: 2})
	if err != nil || first.QuestionaireID.Name != "history" || len(first.Questions) != 2 {
		t.Fatal(first, err)
	}
	second, err := g.Request("b", Wish{Limit: 50})
	if err != nil || !same(first.Questions, second.Questions) || first.Limit != 2 || second.Limit != 50 {
		t.Error(first, second, err)
	}
	if third, err := g.Request("b", Wish{}); err != nil || third.Limit != 2 {
		t.Error("no limit was asked for:", third, err)
	}
	if _, err := g.Request("b", Wish{Limit: 51}); code(err) != wire.CodeInvalid {
		t.Error(err)
	}
	if err := g.Start("b", Wish{}); code(err) != wire.CodeWrongMode {
		t.Error(err)
	}
	for _, bad := range []string{"3", "-1", `"z"`, "null", "1.5", "{}", ""} {
		if _, err := g.says("a", "q0", bad); code(err) != wire.CodeInvalid {
			t.Errorf("%s: %v", bad, err)
		}
	}
	r, err := g.says("a", "q1", "1")
	if err != nil || !*r.User.Answer.Correct || *r.User.Answer.Total != pointsCorrect || r.User.SID != "sid-a" {
		t.Error(r, err)
	}
	if r, err := g.says("a", "q1", "0"); err != nil || !*r.User.Answer.Correct {
		t.Error("the first answer counts:", r, err)
	}
	_, _ = g.says("a", "q0", "2")
	if err := g.Leave("a"); err != nil || g.Phase != Open {
		t.Error("a player who has answered all may leave:", err, g.Phase)
	}
	g.told()
	_, _ = g.says("b", "q0", "0")
	_, _ = g.says("b", "q1", "0")
	wantTold(t, g.told(), "game_over>a game_over>b")
	if g.Reason != Finished {
		t.Error(g.Reason)
	}
}

// The answer repeats the requested limit, even if there are fewer questions.
func TestFewerQuestionsThanAskedFor(t *testing.T) {
	g := newGame("a", "b")
	g.Deal = func(set string, _ int, surprise bool) ([]questions.Question, error) { return dealt(set, 3, surprise) }
	for range 2 {
		if d, err := g.Request("a", Wish{Limit: 20}); err != nil || d.Limit != 20 || len(d.Questions) != 3 {
			t.Error(d, err)
		}
	}
}

func TestForfeits(t *testing.T) {
	for name, act := range map[string]func(*Change){
		"by leaving":    func(g *Change) { _ = g.Leave("a") },
		"by being gone": func(g *Change) { g.gone("a") },
		"by being away": func(g *Change) { g.SetAway("a"); g.told(); g.Now = g.WakeAt(); g.GiveUp(g.Overdue()[0]) },
		"when time is up": func(g *Change) {
			_, _ = g.Request("b", Wish{Limit: 1})
			_, _ = g.says("b", "q0", "0")
			g.told()
			g.Now = g.Ends
			g.Tick()
		},
		"in the countdown": func(g *Change) { _ = g.Start("a", Wish{}); _ = g.Start("b", Wish{}); g.told(); g.gone("a") },
	} {
		g := newGame("a", "b")
		act(g)
		if told := g.told(); told != "game_over>a game_over>b" || g.Reason != Forfeit {
			t.Errorf("%s: %q, %s", name, told, g.Reason)
		}
	}
}

func TestThreePlayAndOneGoes(t *testing.T) {
	g := newGame("a", "b", "c")
	_, _ = g.Start("a", Wish{Limit: 1}), g.Start("b", Wish{})
	g.gone("c")
	wantTold(t, g.wake(), "game_starting>a game_starting>b")
	g.wake()
	_, _ = g.says("a", "q0", "0")
	g.SetAway("b")
	g.SetAway("b")
	wantTold(t, g.told(), "get_answer_result>b opponent_away>a")
	if s := g.State("a", g.Now); !s.OpponentAway || s.Question == nil || s.Of != 1 || *s.ClosesInMs != 100 {
		t.Errorf("%+v", s)
	}
	g.SetBack("b", "new")
	wantTold(t, g.told(), "opponent_back>a")
	if err := g.Start("c", Wish{}); code(err) != wire.CodeExpired {
		t.Error(err)
	}
	wantTold(t, g.wake(), "question_closed>a question_closed>b game_over>a game_over>b game_over>c")
}

func TestNoQuestions(t *testing.T) {
	g := newGame("a", "b", "c")
	failing := errors.New("down")
	g.Deal = func(string, int, bool) ([]questions.Question, error) { return nil, failing }
	if _, err := g.Request("a", Wish{}); !errors.Is(err, failing) || g.Mode != "" {
		t.Error(err)
	}
	_, _ = g.Start("a", Wish{}), g.Start("b", Wish{})
	g.gone("c")
	wantTold(t, g.wake(), "")
	g.Deal = dealt
	wantTold(t, g.wake(), "game_starting>a game_starting>b")
	if !slices.Equal(g.Seats(), []Seat{{"a", SeatPlaying}, {"b", SeatPlaying}}) {
		t.Error(g.Seats())
	}
}

// Redis's clock is set back by an hour: nothing lasts longer than if it began now.
func TestClockSetBack(t *testing.T) {
	for name, set := range map[string]func(g *Change){
		"countdown": func(g *Change) { g.Phase, g.At = Countdown, g.after(times.Countdown) },
		"question":  func(g *Change) { g.Phase, g.At = Asking, g.after(times.Question) },
		"pause":     func(g *Change) { g.Phase, g.At = Pausing, g.after(times.Pause) },
		"away":      func(g *Change) { g.Phase, g.Players[0].Away = Open, g.after(times.Grace) },
		"claim":     func(g *Change) { g.Phase, g.Claimed = Invited, g.after(times.ClaimTimeout) },
		"resend":    func(g *Change) { g.Phase, g.At = Invited, g.after(times.Resend) },
		"end":       func(g *Change) { g.Phase = Open },
	} {
		g := newGame("a", "b")
		g.Now += 24 * time.Hour.Milliseconds()
		g.Ends = g.after(times.TTL)
		set(g)
		before := g.WakeAt() - g.Now
		g.Now -= time.Hour.Milliseconds()
		g.Tick()
		if wait := g.WakeAt() - g.Now; wait > before {
			t.Errorf("%s: due in %d ms, not %d", name, wait, before)
		}
	}
}
