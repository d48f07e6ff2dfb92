package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	const want = `alice plays tank in eu, with alice, carol, bob
bob plays scout in eu, with alice, carol, bob
carol plays healer in eu, with alice, carol, bob
dave waits
`
	if out.String() != want {
		t.Errorf("it printed:\n%s", &out)
	}
}

// waiting is a ticket in Europe.
func waiting(rating float64, waited time.Duration, roles string) matchqtest.Ticket {
	return matchqtest.Ticket{Rating: &rating, Waited: waited, Attributes: `{"roles": ` + roles + `, "ms": {"eu": 30}}`}
}

func TestParties(t *testing.T) {
	far := matchqtest.Ticket{Rating: new(1500.0), Attributes: `{"roles": "scout", "ms": {"asia": 20}}`}
	tank, healer, scout := waiting(1500, 0, `"tank"`), waiting(1500, 0, `"healer"`), waiting(1500, 0, `"scout"`)
	for name, c := range map[string]struct {
		batch []matchqtest.Ticket
		want  []string // players of each party, and its data
		left  int
	}{
		"one of each":               {[]matchqtest.Ticket{scout, tank, healer}, []string{`p1 p2 p3 {"region":"eu","roles":{"healer":"p3","scout":"p1","tank":"p2"}}`}, 0},
		"two tanks":                 {[]matchqtest.Ticket{tank, tank, healer}, nil, 3},
		"one who can play anything": {[]matchqtest.Ticket{tank, waiting(1500, 0, `["tank", "healer"]`), scout}, []string{`p1 p2 p3 {"region":"eu","roles":{"healer":"p2","scout":"p3","tank":"p1"}}`}, 0},
		"the nearest":               {[]matchqtest.Ticket{tank, waiting(1650, 0, `"healer"`), waiting(1400, 0, `"healer"`), scout}, []string{`p1 p3 p4 {"region":"eu","roles":{"healer":"p3","scout":"p4","tank":"p1"}}`}, 1},
		"too far away":              {[]matchqtest.Ticket{tank, healer, far}, nil, 3},
		"too strong":                {[]matchqtest.Ticket{waiting(2000, 0, `"tank"`), healer, scout}, nil, 3},
		"the limit has grown":       {[]matchqtest.Ticket{waiting(1900, 30*time.Second, `"tank"`), waiting(1500, 20*time.Second, `"healer"`), waiting(1500, 20*time.Second, `"scout"`)}, []string{`p1 p2 p3 {"region":"eu","roles":{"healer":"p2","scout":"p3","tank":"p1"}}`}, 0},
		"attributes that players should not send": {[]matchqtest.Ticket{waiting(1500, 0, `["cook", 7]`), waiting(1500, 0, `{"tank": true}`), {}, {Attributes: "17"}}, nil, 4},
	} {
		got, err := matchqtest.Policy(party).Group(c.batch, 3)
		if err != nil || len(got.Warnings) > 0 || len(got.Left) != c.left {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		var matches []string
		for _, match := range got.Matches {
			slices.Sort(match.Players)
			matches = append(matches, strings.Join(match.Players, " ")+" "+string(match.Data))
		}
		if !slices.Equal(matches, c.want) {
			t.Errorf("%s: %q", name, matches)
		}
	}
}

// A full batch of any kind stays within the steps that a policy may take.
func TestFullBatch(t *testing.T) {
	for name, roles := range map[string][]string{
		"mixed":       {`"tank"`, `"healer"`, `"scout"`},
		"anything":    {`["tank", "healer", "scout"]`},
		"scouts lack": {`["tank", "healer"]`, `"healer"`},
	} {
		batch := make([]matchqtest.Ticket, 128)
		for i := range batch {
			batch[i] = waiting(float64(1000+i*617%1000), time.Duration(128-i)*time.Second, roles[i%len(roles)])
		}
		got, err := matchqtest.Policy(party).Group(batch, 3)
		t.Logf("%s: %d parties, %d steps", name, len(got.Matches), got.Steps)
		if err != nil || got.Steps > 15_000 || (len(got.Matches) < 36) != (name == "scouts lack") {
			t.Errorf("%s: %d parties in %d steps, %v", name, len(got.Matches), got.Steps, err)
		}
	}
}
