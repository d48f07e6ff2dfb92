package codec_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// golden is the file that scripts and Go must both read and write.
type golden struct {
	Records   []goldenRecord   `json:"records"`
	Values    []goldenValue    `json:"values"`
	Entries   []goldenEntry    `json:"entries"`
	Proposals []goldenProposal `json:"proposals"`
	Sequels   []goldenSequel   `json:"sequels"`

	Successors []struct {
		Of, Opponents, Text string
		Now                 int64
	} `json:"successors"`
	Moved []struct {
		Body, Text string
		Now        int64
	} `json:"moved"`
}

type goldenSequel struct {
	Text       string   `json:"text"`
	Connection string   `json:"connection"`
	Data       string   `json:"data"`
	Released   int64    `json:"released"`
	Reason     string   `json:"reason"`
	Successors []string `json:"successors"`
}

type goldenRecord struct {
	Text        string   `json:"text"`
	ExpiresMS   int64    `json:"expires_ms"`
	TTLMS       int64    `json:"ttl_ms"`
	EnqueuedMS  int64    `json:"enqueued_ms"`
	WhileOnline bool     `json:"while_online"`
	Restored    int      `json:"restored"`
	Queue       string   `json:"queue"`
	Player      string   `json:"player"`
	Rating      string   `json:"rating"`
	ReplyTo     string   `json:"reply_to"`
	Attributes  string   `json:"attributes"`
	More        string   `json:"more"`
	Opponents   []string `json:"opponents"`
	Predecessor string   `json:"predecessor"`
	Again       string   `json:"again"` // the record after it is restored
}

type goldenValue struct {
	Text   string `json:"text"`
	State  string `json:"state"`
	Entry  string `json:"entry"`  // of an outcome
	Match  string `json:"match"`  // of a proposed ticket
	Record string `json:"record"` // likewise
}

type goldenEntry struct {
	Fields   []string `json:"fields"`
	Kind     string   `json:"kind"`
	Size     int      `json:"size"`
	Count    int      `json:"count"`
	At       int64    `json:"at"`
	Reason   string   `json:"reason"`
	Match    string   `json:"match"`
	Deadline int64    `json:"deadline"`
	Rules    string   `json:"rules"`
	Lines    []string `json:"lines"`
	Places   [][2]int `json:"places"`
	Data     []string `json:"data"`
	Made     int64    `json:"made"`     // of an entry about a sequel
	Proposed bool     `json:"proposed"` // likewise
	Released int64    `json:"released"` // likewise
}

type goldenProposal struct {
	Text     string   `json:"text"`
	State    string   `json:"state"`
	Deadline int64    `json:"deadline"`
	Made     int64    `json:"made"`
	Interval int64    `json:"interval"`
	Phase    int64    `json:"phase"`
	Rules    string   `json:"rules"`
	Data     string   `json:"data"`
	Accepted string   `json:"accepted"`
	Queue    string   `json:"queue"`
	IDs      []string `json:"ids"`
	Entries  []string `json:"entries"`
}

func readGolden(t *testing.T) golden {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %q, want %q", what, fmt.Sprint(got), fmt.Sprint(want))
	}
}

func TestGoReadsAndWritesTheGoldenRecords(t *testing.T) {
	for _, want := range readGolden(t).Records {
		r, err := codec.ParseRecord(want.Text)
		if err != nil {
			t.Fatal(err)
		}
		rating := ""
		if r.Rating != nil {
			rating = strconv.FormatFloat(*r.Rating, 'g', -1, 64)
		}
		same(t, "rating", rating, want.Rating)
		same(t, "opponents", r.Opponents(), want.Opponents)
		same(t, "predecessor", r.Predecessor(), want.Predecessor)
		same(t, want.Text, r, codec.Record{
			ExpiresMS: want.ExpiresMS, TTLMS: want.TTLMS, WhileOnline: want.WhileOnline, Restored: want.Restored, Queue: want.Queue,
			Player: want.Player, Rating: r.Rating, ReplyTo: want.ReplyTo, Attributes: want.Attributes, More: want.More,
		})
		same(t, "enqueued", r.EnqueuedMS(), want.EnqueuedMS)
		same(t, "written", r.Text(), want.Text)
		r.Restored++
		same(t, "restored", r.Text(), want.Again)
		original := r
		original.Restored = 0
		same(t, "same request", codec.SameRequest(want.Again, original.Body()), true)
		same(t, "another time to live", codec.SameRequest(want.Again, codec.WithTTL(original.Body(), 7)), true)
		original.TTLMS = 7
		same(t, "another time to live", codec.WithTTL(codec.WithTTL(original.Body(), 8), 7), original.Body())
		original.Player += "x"
		same(t, "request of another player", codec.SameRequest(want.Again, original.Body()), false)
	}
}

func TestGoReadsTheGoldenValues(t *testing.T) {
	g := readGolden(t)
	for _, want := range g.Values {
		match, record, proposed := codec.CutProposed(want.Text)
		same(t, want.Text, []string{codec.StateOf(want.Text), codec.OutcomeEntry(want.Text), match, record},
			[]string{want.State, want.Entry, want.Match, want.Record})
		same(t, want.Text, proposed, want.State == codec.Proposed)
		same(t, want.Text, codec.IsRecord(want.Text), want.State == codec.Waiting)
	}
	for _, want := range g.Entries {
		fields := map[string]string{}
		for i := 0; i < len(want.Fields); i += 2 {
			fields[want.Fields[i]] = want.Fields[i+1]
		}
		e, err := codec.ParseEntry("1700000000005-0", fields)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for id, record := range e.Lines() {
			lines = append(lines, id, record)
		}
		same(t, "lines", lines, want.Lines)
		same(t, want.Kind, []any{e.Kind, e.Count(), e.AtMS, e.Reason, e.MatchID, e.DeadlineMS, e.Rules},
			[]any{want.Kind, want.Count, want.At, want.Reason, want.Match, want.Deadline, want.Rules})
		same(t, "sequel", []any{e.MadeMS, e.Proposed && e.MadeMS > 0, e.Sequel.ReleasedMS}, []any{want.Made, want.Proposed, want.Released})
		places := want.Places
		for first := 0; want.Size > 0 && places == nil && first < want.Count; first += want.Size {
			places = append(places, [2]int{first, first + want.Size})
		}
		same(t, "places", e.Places(), len(places))
		for i, place := range places {
			first, end := e.Place(i)
			same(t, "place", [2]int{first, end}, place)
			same(t, "place of its tickets", []int{e.PlaceOf(first), e.PlaceOf(end - 1)}, []int{i, i})
			if want.Data != nil {
				same(t, "data", e.Data(i), want.Data[i])
			}
		}
	}
	for _, want := range g.Proposals {
		p, err := codec.ParseProposal(want.Text)
		if err != nil {
			t.Fatal(err)
		}
		entries := slices.DeleteFunc([]string{p.Entry, p.Restored}, func(id string) bool { return id == "" })
		same(t, want.Text,
			[]any{p.State, p.DeadlineMS, p.MadeMS, p.IntervalMS, p.PhaseMS, p.Accepted, p.Queue, p.Rules, p.Notes, p.Data, p.IDs, entries},
			[]any{want.State, want.Deadline, want.Made, want.Interval, want.Phase, want.Accepted, want.Queue, want.Rules, want.State == codec.Proposed, want.Data, want.IDs, want.Entries})
	}
}

func TestGoldenSequels(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		for _, want := range readGolden(t).Sequels {
			s, err := codec.ParseSequel(want.Text, len(want.Successors))
			if err != nil {
				t.Fatal(err)
			}
			same(t, want.Text, []any{s.ReleasedMS, s.Reason, s.Successors}, []any{want.Released, want.Reason, want.Successors})
			if s.Assignment != "" {
				connection, data, err := codec.ParseAssignment(s.Assignment)
				same(t, want.Text, []any{connection, string(data), err}, []any{want.Connection, want.Data, nil})
				text, err := codec.AssignmentText(want.Connection, want.Data)
				same(t, want.Text, []any{text, err}, []any{s.Assignment, nil})
			}
			if want.Released == 0 {
				same(t, want.Text, inRedis(t, env, "return { tostring(successors_in(ARGV[1])) }", want.Text), []any{"nil"})
				continue
			}
			got := inRedis(t, env, `
local names = successors_in(ARGV[1])
return { table.concat(names, " "), released_sequel(ARGV[2], tonumber(ARGV[3]), ARGV[4], names) }`, want.Text, s.Assignment, want.Released, want.Reason)
			names := make([]string, len(want.Successors))
			for i, id := range want.Successors {
				if names[i] = id; id == "" {
					names[i] = "-"
				}
			}
			same(t, want.Text, got, []any{strings.Join(names, " "), want.Text})
		}
	})
}

// The records that scripts write of the tickets of players who have waited before.
func TestGoldenRecordsOfPlayersWhoWaitedBefore(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		for _, want := range readGolden(t).Successors {
			got := inRedis(t, env, `return { again_record(tonumber(ARGV[2]), ARGV[1], "old", ARGV[3]) }`, want.Of, want.Now, want.Opponents)
			same(t, want.Of, got, []any{want.Text})
			if _, err := codec.ParseRecord(want.Text); err != nil {
				t.Error(err)
			}
		}
		for _, want := range readGolden(t).Moved {
			got := inRedis(t, env, `return { moved_record(tonumber(ARGV[2]), 60000, ARGV[1]) or "" }`, want.Body, want.Now)
			same(t, want.Body, got, []any{want.Text})
		}
	})
}
