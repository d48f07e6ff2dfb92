package quiz

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/questions"
)

var times = Config{
	Countdown: 30 * time.Millisecond, Question: 100 * time.Millisecond, Pause: 20 * time.Millisecond,
	Resend: 50 * time.Millisecond, MaxSends: 11, Grace: 50 * time.Millisecond, TTL: 5 * time.Second, ClaimTimeout: 50 * time.Millisecond,
}

// dealt are questions whose right answer is only in Answer.
func dealt(_ string, n int, _ bool) ([]questions.Question, error) {
	all := make([]questions.Question, n)
	for i := range all {
		all[i] = questions.Question{ID: wire.ID{Name: fmt.Sprint("q", i)}, Text: "?", Choices: []string{"a", "b", "c"}, Answer: i % 3}
	}
	return all, nil
}

// game is a room, and a plain model of its rules.
type game struct {
	t       *rapid.T
	room    *Room
	now     int64
	first   map[string]map[string]bool // player → question → whether the first answer was right
	asked   map[string]bool            // asked questions of a paced game
	shut    map[string]bool            // closed questions
	results int                        // number of game_over messages
}

// do makes a turn twice: the second time nothing may change, and the answer must be the same.
func (g *game) do(what string, act func(t *Change) (any, error)) (any, error) {
	turn := g.turn(g.room)
	before := copied(g.room)
	reply, err := act(turn)
	if err != nil {
		// The caller then stores nothing.
		g.room = before
		return nil, err
	}
	if turn.NotAfter != 0 && turn.NotAfter < g.now {
		g.t.Fatalf("%s counts until %d, and it is %d", what, turn.NotAfter, g.now)
	}
	again := g.turn(copied(turn.Room))
	replayed, err := act(again)
	if err != nil || !same(reply, replayed) || !reflect.DeepEqual(copied(turn.Room), copied(again.Room)) || len(again.Messages) > 0 {
		g.t.Fatalf("%s, repeated: %v, %v, %d messages; was %v", what, replayed, err, len(again.Messages), reply)
	}
	g.room = copied(turn.Room)
	g.check(turn.Messages)
	return reply, nil
}

func (g *game) turn(r *Room) *Change { return &Change{Room: r, Config: times, Now: g.now, Deal: dealt} }

// copied returns the room as it is read back from storage.
func copied(r *Room) *Room {
	data, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	c := new(Room)
	if err := json.Unmarshal(data, c); err != nil {
		panic(err)
	}
	return c
}

func same(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

// check checks that no message reveals too much or too early.
func (g *game) check(messages []Message) {
	for _, m := range messages {
		if !g.room.Has(m.To) {
			g.t.Fatalf("%s is told %s", m.To, m.Event)
		}
		switch data := m.Data.(type) {
		case startedPayload:
			g.asked[data.Question.ID.Name] = true
		case closedPayload:
			if !g.asked[data.QuestionItemID.Name] {
				g.t.Fatalf("%s is closed before it was asked", data.QuestionItemID.Name)
			}
			g.shut[data.QuestionItemID.Name] = true
		case *Answered:
			if (data.User.Answer.Correct != nil) != (g.room.Mode == SelfPaced) {
				g.t.Fatalf("%s game: the others are told %+v", g.room.Mode, data.User.Answer)
			}
		case resultsPayload:
			g.results++
		case startingPayload, awayPayload, struct{}:
		default:
			g.t.Fatalf("%s with %T", m.Event, data)
		}
	}
	answered := 0
	for i := range g.room.Players {
		p := &g.room.Players[i]
		score, correct := 0, 0
		for item, a := range p.Answers {
			if right, ok := g.first[p.ID.Name][item]; !ok || right != a.Correct {
				g.t.Fatalf("%s: the answer to %s is not the first: %+v", p.ID.Name, item, a)
			}
			score += a.Score
			if a.Correct {
				correct++
			}
			if a.Correct != (a.Score >= pointsCorrect) || a.Score > pointsCorrect+maxSpeedBonus || g.room.Mode == SelfPaced && a.Score > pointsCorrect {
				g.t.Fatalf("%d points for %+v", a.Score, a)
			}
		}
		if !g.room.Closed() && (score != p.Score || correct != p.Correct) {
			g.t.Fatalf("%s: %d points and %d right, but the answers say %d and %d", p.ID.Name, p.Score, p.Correct, score, correct)
		}
		answered += len(p.Answers)
	}
	if over := g.results > 0; over != (g.room.Phase == Over) || over && g.results != len(g.room.Players) {
		g.t.Fatalf("%d were told that it is over; it is %s", g.results, g.room.Phase)
	}
}

// answer answers a question, rightly or wrongly; the question may not have been asked.
func (g *game) answer(name string) {
	item := fmt.Sprint("q", rapid.IntRange(0, 4).Draw(g.t, "item"))
	choice := rapid.SampledFrom([]string{"0", "1", "2", `"a"`, `"c"`}).Draw(g.t, "choice")
	known, place := g.first[name][item], slices.Index([]string{"0", "1", "2", `"a"`, `"b"`, `"c"`}, choice)%3
	_, before := g.first[name][item]
	at := int(item[1] - '0')
	if !before {
		g.first[name][item] = place == at%3
	}
	reply, err := g.do("answer", func(t *Change) (any, error) {
		r, err := t.Answer(name, wire.ID{Name: item}, json.RawMessage(choice))
		if err != nil {
			return nil, err
		}
		return r, nil
	})
	if err != nil {
		if !before {
			delete(g.first[name], item)
		}
		if code := wire.ErrorOf(err).Code; code != wire.CodeTooLate && code != wire.CodeNotFound || before && !g.room.Closed() {
			g.t.Fatalf("answering %s: %v", item, err)
		}
		return
	}
	if g.room.Mode == Paced && !g.asked[item] || !before && g.shutBefore(item) {
		g.t.Fatalf("%s was not open", item)
	}
	if a := reply.(*Answered).User.Answer; g.room.Mode == SelfPaced && before && *a.Correct != known {
		g.t.Fatalf("%s was answered before and now is %v", item, *a.Correct)
	}
}

// shutBefore reports whether a question was closed before the last answer, and not by it.
func (g *game) shutBefore(item string) bool {
	return g.room.Mode == Paced && g.shut[item] && g.room.Index > int(item[1]-'0')+1
}

func (g *game) tick(ms int64) {
	g.now += ms
	turn := g.turn(g.room)
	for _, name := range turn.Overdue() {
		turn.GiveUp(name)
	}
	turn.Tick()
	g.room = copied(turn.Room)
	g.check(turn.Messages)
}

func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 4).Draw(t, "players")
		g := &game{t: t, now: 1_000_000, first: map[string]map[string]bool{}, asked: map[string]bool{}, shut: map[string]bool{}}
		var who []Participant
		for i := range n {
			name := fmt.Sprint("p", i)
			who = append(who, Participant{wire.ID{Name: name}, "sid"})
			g.first[name] = map[string]bool{}
		}
		g.room = NewMatch("room", wire.ID{Name: "history"}, times, g.now, who).Room
		player := func(t *rapid.T) string { return rapid.SampledFrom(slices.Sorted(maps.Keys(g.first))).Draw(t, "player") }
		wish := Wish{Limit: 4}
		t.Repeat(map[string]func(*rapid.T){
			"request": func(t *rapid.T) {
				name := player(t)
				_, err := g.do("request", func(t *Change) (any, error) { return t.Request(name, wish) })
				if err != nil && (g.room.Mode == Paced) != (wire.ErrorOf(err).Code == wire.CodeWrongMode) {
					t.Fatal(err)
				}
			},
			"start": func(t *rapid.T) {
				name := player(t)
				_, err := g.do("start", func(t *Change) (any, error) { return nil, t.Start(name, wish) })
				if err != nil && (g.room.Mode == SelfPaced) != (wire.ErrorOf(err).Code == wire.CodeWrongMode) {
					t.Fatal(err)
				}
			},
			"answer": func(t *rapid.T) { g.answer(player(t)) },
			"leave": func(t *rapid.T) {
				name := player(t)
				if rapid.IntRange(0, 9).Draw(t, "really") > 0 {
					return
				}
				if _, err := g.do("leave", func(t *Change) (any, error) { return nil, t.Leave(name) }); err != nil {
					t.Fatal(err)
				}
			},
			"lost": func(t *rapid.T) {
				name := player(t)
				_, _ = g.do("lost", func(t *Change) (any, error) { t.SetAway(name); return nil, nil })
			},
			"back": func(t *rapid.T) {
				name := player(t)
				_, _ = g.do("back", func(t *Change) (any, error) { t.SetBack(name, ""); return nil, nil })
			},
			"tick": func(t *rapid.T) { g.tick(rapid.Int64Range(0, 60).Draw(t, "ms")) },
			"stranger": func(t *rapid.T) {
				turn := g.turn(copied(g.room))
				_, err := turn.Answer("stranger", wire.ID{Name: "q0"}, json.RawMessage("0"))
				if wire.ErrorOf(err).Code != wire.CodeNotFound {
					t.Fatal(err)
				}
			},
		})
		// Every game ends.
		for range 1000 {
			if wake := g.room.WakeAt(); wake > 0 {
				g.tick(max(wake-g.now, 0))
			}
		}
		if g.room.Phase != Over || g.room.WakeAt() != 0 || len(g.room.Seated()) > 0 {
			t.Fatalf("it does not end: %+v", g.room)
		}
	})
}
