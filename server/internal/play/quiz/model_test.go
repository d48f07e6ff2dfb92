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
	Resend: 50 * time.Millisecond, MaxSends: 11, Grace: 50 * time.Millisecond, StartWait: 200 * time.Millisecond,
	TTL: 5 * time.Second, ClaimTimeout: 50 * time.Millisecond,
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
	since   int64                      // from when on there was a server
	first   map[string]map[string]bool // player → question → whether the first answer was right
	asked   map[string]bool            // asked questions of a paced game
	shut    map[string]bool            // closed questions
	results int                        // number of game_over messages
	ready   map[string]int64           // when a player asked to start
	absent  map[string]int64           // since when a player is away
	leaving bool                       // a player leaves
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

func (g *game) turn(r *Room) *Change {
	return &Change{Room: r, Config: times, Now: g.now, Since: g.since, Deal: dealt}
}

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
			g.checkEnd(data)
		case startingPayload, awayPayload, struct{}:
		default:
			g.t.Fatalf("%s with %T", m.Event, data)
		}
	}
	g.checkScores()
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
			if a.Correct != (a.Score >= pointsCorrect) || a.Score > (pointsCorrect+maxSpeedBonus)*worthOf(g.room, item) || g.room.Mode == SelfPaced && a.Score > pointsCorrect {
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

// worthOf is by how much a question counts.
func worthOf(room *Room, item string) int {
	if n := len(room.Questions); n >= 5 && room.Questions[n-1].ID.Name == item {
		return 2
	}
	return 1
}

// checkEnd checks the end of a game: it names all who forfeited, one player at least has not, and nobody wins an
// abandoned game.
func (g *game) checkEnd(over resultsPayload) {
	var forfeited []wire.ID
	there := 0
	for i := range g.room.Players {
		p := &g.room.Players[i]
		name := p.ID.Name
		if p.Forfeited {
			forfeited = append(forfeited, p.ID)
		} else if _, away := g.absent[name]; !away || g.room.hasFinished(p) {
			there++
		}
		if since, asked := g.ready[name]; p.Excused && (!asked || g.now-since < times.StartWait.Milliseconds()) {
			g.t.Fatalf("%s may not leave without forfeiting", name)
		}
	}
	if !slices.Equal(over.ForfeitedBy, forfeited) || len(forfeited) == len(g.room.Players) {
		g.t.Fatalf("forfeited by %v, told %+v", forfeited, over)
	}
	switch {
	case over.Reason == Forfeit && len(forfeited) == 0, over.Reason == Forfeit && there == 0 && !g.leaving:
		g.t.Fatalf("%d are there: %+v", there, over)
	case over.Reason == Void && there > 0 && g.now < g.room.Ends && !slices.ContainsFunc(g.room.Players, func(p Player) bool { return p.Excused }):
		g.t.Fatalf("%d are there: %+v", there, over)
	}
}

// checkScores checks that nobody learns scores that an open question has changed.
func (g *game) checkScores() {
	for i, told := range g.room.State(g.room.Players[0].ID.Name, g.now).Scores {
		known := 0
		for item, a := range g.room.Players[i].Answers {
			if g.room.Phase != Asking || item != g.room.Questions[g.room.Index].ID.Name {
				known += a.Score
			}
		}
		if !g.room.Closed() && told.Score != known {
			g.t.Fatalf("told %+v, should be %d; %s", told, known, g.room.Phase)
		}
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
		before := g.room.Phase
		turn.GiveUp(name)
		full := times.Grace.Milliseconds()
		if p, _ := turn.player(name); before != Over && (p.Forfeited || turn.Phase == Over) && (g.now-g.absent[name] < full || g.now-g.since < full) {
			g.t.Fatalf("%s has lost after %d ms, %d ms after the server was back", name, g.now-g.absent[name], g.now-g.since)
		}
	}
	turn.Tick()
	g.room = copied(turn.Room)
	g.check(turn.Messages)
}

func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 4).Draw(t, "players")
		g := &game{t: t, now: 1_000_000, first: map[string]map[string]bool{}, asked: map[string]bool{}, shut: map[string]bool{}, ready: map[string]int64{}, absent: map[string]int64{}}
		var who []Participant
		for i := range n {
			name := fmt.Sprint("p", i)
			who = append(who, Participant{wire.ID{Name: name}, "sid"})
			g.first[name] = map[string]bool{}
		}
		g.room = NewMatch("room", wire.ID{Name: "history"}, times, g.now, who).Room
		player := func(t *rapid.T) string { return rapid.SampledFrom(slices.Sorted(maps.Keys(g.first))).Draw(t, "player") }
		wish := Wish{Limit: rapid.IntRange(4, 5).Draw(t, "questions")}
		paced := rapid.Bool().Draw(t, "most want a paced game") // else few games get as far as a question
		t.Repeat(map[string]func(*rapid.T){
			"request": func(t *rapid.T) {
				if paced && rapid.IntRange(0, 19).Draw(t, "really") > 0 {
					return
				}
				name := player(t)
				_, err := g.do("request", func(t *Change) (any, error) { return t.Request(name, wish) })
				if err != nil && (g.room.Mode == Paced) != (wire.ErrorOf(err).Code == wire.CodeWrongMode) {
					t.Fatal(err)
				}
			},
			"start": func(t *rapid.T) {
				name := player(t)
				if _, asked := g.ready[name]; !asked && g.room.Mode == "" {
					g.ready[name] = g.now
				}
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
				g.leaving = true
				defer func() { g.leaving = false }()
				if _, err := g.do("leave", func(t *Change) (any, error) { return nil, t.Leave(name) }); err != nil {
					t.Fatal(err)
				}
			},
			"lost": func(t *rapid.T) {
				name := player(t)
				if _, away := g.absent[name]; !away {
					g.absent[name] = g.now
				}
				_, _ = g.do("lost", func(t *Change) (any, error) { t.SetAway(name); return nil, nil })
			},
			"back": func(t *rapid.T) {
				name := player(t)
				delete(g.absent, name)
				_, _ = g.do("back", func(t *Change) (any, error) { t.SetBack(name, ""); return nil, nil })
			},
			"tick": func(t *rapid.T) { g.tick(rapid.Int64Range(0, 60).Draw(t, "ms")) },
			"no server": func(t *rapid.T) {
				if rapid.IntRange(0, 4).Draw(t, "really") > 0 {
					return
				}
				for _, name := range slices.Sorted(maps.Keys(g.first)) {
					if _, away := g.absent[name]; !away && rapid.Bool().Draw(t, name+" is noticed") {
						_, _ = g.do("lost", func(t *Change) (any, error) { t.SetAway(name); return nil, nil })
					}
					g.absent[name] = g.now
				}
				g.now += rapid.Int64Range(0, 300).Draw(t, "ms")
				g.since = g.now
				_, _ = g.do("gone", func(t *Change) (any, error) {
					for _, name := range slices.Sorted(maps.Keys(g.first)) {
						t.SetGone(name)
					}
					return nil, nil
				})
			},
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
		if g.room.Phase != Over || g.room.WakeAt() != 0 || len(g.room.Seats()) > 0 {
			t.Fatalf("it does not end: %+v", g.room)
		}
	})
}
