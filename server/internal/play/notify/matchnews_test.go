package notify

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/questions"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

func aMatch() *matchq.Match {
	ticket := func(player string, number bool, attributes string) matchq.Ticket {
		origin := wire.Origin{PlayerNumber: number, QueueNumber: number, SID: "asked-" + player}
		return matchq.Ticket{
			ID: "t" + player, Player: player, Queue: "17", State: matchq.Matched, Waited: 1500 * time.Millisecond,
			ReplyTo: origin.Encode(), Attributes: json.RawMessage(attributes),
		}
	}
	return &matchq.Match{ID: "m", Room: "r", Queue: "17", Tickets: []matchq.Ticket{ticket("a\"", false, `{"roomId":"x"}`), ticket("8", true, "")}}
}

func TestMatchNews(t *testing.T) {
	asks := 0
	n := &Notifier{Preview: func(set, room string) []questions.Public {
		asks++
		return []questions.Public{{ID: wire.ID{Name: "q1"}, Text: "<2?", Choices: []string{"a", "b"}}}
	}}
	match := aMatch()
	news := n.matchNews(match, map[string]string{"8": "now-8"})
	const shared = `{"matchId":"m","roomId":"r","question":[{"id":"q1","text":"<2?","choices":["a","b"]}],"status":"MATCHED",` +
		`"user1":{"id":"a\"","sid":"asked-a\"","attributes":{"roomId":"x"}},"user2":{"id":8,"sid":"now-8"}`
	for i, rest := range []string{`,"questionaireId":"17","waitedMs":1500}`, `,"questionaireId":17,"waitedMs":1500}`} {
		got := news.to(&match.Tickets[i])
		if string(got.Data) != shared+rest || got.Event != StatusEvent || got.Key != EndKey(&match.Tickets[i]) {
			t.Errorf("player %d: %s %s %s", i, got.Key, got.Event, got.Data)
		}
		if room, now := quiz.Told(got.Event, got.Data); room != "r" || now != quiz.InMatch {
			t.Errorf("the room of the match is taken for %q, %v", room, now)
		}
	}
	if asks != 1 {
		t.Errorf("the questions were read %d times for one match", asks)
	}
}

// The words about rules come behind the parts that identify the match: players write some of the words.
func TestMatchNewsTellOfTheRules(t *testing.T) {
	for data, want := range map[string]string{
		"": ``,
		`{"rules":[{"gap":0,"limit":80,"rule":"skill","widened":30},{"common":"</roomId>","rule":"modes","waived":1}]}`: `,"rules":{"version":"3.ab","gap":0,"applied":` +
			`[{"rule":"skill","gap":0,"limit":80,"widened":30},{"rule":"modes","common":"</roomId>","waived":true}]}`,
		`{"rules":[{"latency":31,"limit":80,"region":"eu","rule":"ping"}]}`: `,"rules":{"version":"3.ab","region":"eu","applied":[{"rule":"ping","limit":80,"region":"eu","latency":31}]}`,
		`{"roomId":"x","region":"eu"}`:                                      `,"rules":{"version":"3.ab","data":{"roomId":"x","region":"eu"}}`,
	} {
		match := aMatch()
		match.Rules, match.Data = "3.ab", json.RawMessage(data)
		got := string((&Notifier{}).matchNews(match, nil).to(&match.Tickets[0]).Data)
		_, after, _ := strings.Cut(got, `"user2":{"id":8,"sid":"asked-8"}`)
		if told, _, _ := strings.Cut(after, `,"questionaireId"`); told != want {
			t.Errorf("%s: %s\nnot %s", data, told, want)
		}
		if room, _ := quiz.Told(StatusEvent, json.RawMessage(got)); room != "r" {
			t.Errorf("%s: the room is taken for %q", data, room)
		}
	}
}

// For one more player of a match only the player's own part is encoded.
func TestMatchNewsAreEncodedOnce(t *testing.T) {
	match := aMatch()
	news := (&Notifier{}).matchNews(match, nil)
	if got := testing.AllocsPerRun(100, func() { _ = news.to(&match.Tickets[0]) }); got > 6 { // 4, and one under the race detector
		t.Errorf("%v allocations a player", got)
	}
}

func BenchmarkMatchNews(b *testing.B) {
	match := aMatch()
	b.ReportAllocs()
	for b.Loop() {
		news := (&Notifier{}).matchNews(match, nil)
		for i := range match.Tickets {
			_ = news.to(&match.Tickets[i])
		}
	}
}
