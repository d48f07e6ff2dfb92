package matchqtest_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// A policy runs without a server: a test makes up the tickets and looks at the matches.
func ExamplePolicyUnderTest_Group() {
	policy := matchqtest.Policy(`
		local fair = {type = "distance", max = 50, expand = {by = 10, every_ms = 1000, to = 600}}
		return function(tickets, size)
		  local a, b, c = unpack(tickets)
		  if matchq.permitted(fair, a, b) then return {1, 2} end
		  return {{tickets = {a.position, c.position}, gap = matchq.gap(a, c)}}
		end`)
	got, err := policy.Group([]matchqtest.Ticket{
		{Player: "alice", Rating: new(1500.0), Waited: 20 * time.Second},
		{Player: "bob", Rating: new(1800.0), Waited: 5 * time.Second},
		{Player: "carol", Rating: new(1520.0)},
	}, 2)
	fmt.Println(got.Matches[0].Players, string(got.Matches[0].Data), got.Left, got.Warnings, err)
	// Output:
	// [alice carol] {"gap":20} [bob] [] <nil>
}

func TestGroupSaysHowAPolicyFails(t *testing.T) {
	batch := []matchqtest.Ticket{{}, {Attributes: `{"x":1}`}, {}}
	for source, want := range map[string]*matchqtest.PolicyError{
		"return function(":                                             {Line: 1, Problem: "expected near '<eof>'"},
		"return function()\n  error('no luck') end":                    {Line: 2, Problem: "no luck"},
		"return function()\n  while true do end end":                   {Line: 2, Problem: "20000 steps"},
		"return function(tickets)\n  return tickets[9].rating end":     {Line: 2, Problem: "attempt to index"},
		"return function() return {1, 1} end":                          {Problem: "listed twice"},
		"return function() return {1} end":                             {Problem: "2 for each match"},
		"return function()\n\n redis.call('SET', 'x', 1) end":          {Line: 3, Problem: "attempt to index"},
		"return function() return {{tickets = {1, 2}, x = error}} end": {Problem: "data must be"},
	} {
		got, err := matchqtest.Policy(source).Group(batch, 2)
		var failed *matchqtest.PolicyError
		if !errors.As(err, &failed) || failed.Line != want.Line || !strings.Contains(err.Error(), want.Problem) || len(got.Matches) > 0 {
			t.Errorf("%s: %+v, %v", source, got, err)
		}
	}
	for what, batch := range map[string][]matchqtest.Ticket{
		"ticket 2 (p2) has attributes that must be": {{}, {Attributes: "{"}},
		"ticket 1 (a\n) has a name that":            {{Player: "a\n"}, {}},
		"ticket 1 (p1) has waited":                  {{Waited: -1}, {}},
		"at most 128 tickets":                       make([]matchqtest.Ticket, 129),
	} {
		if _, err := matchqtest.Policy("return function() return {} end").Group(batch, 2); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A warning names each place at which the embedded Redis may compute otherwise, and no other place.
func TestGroupWarns(t *testing.T) {
	batch := []matchqtest.Ticket{{Rating: new(3.0)}, {Rating: new(1.0)}, {Rating: new(3.0)}}
	const tail = "\n return {} end"
	for source, want := range map[string]string{
		"return function(tickets)\n for _ in pairs(tickets) do end" + tail:                                         "line 2: pairs has another order",
		"return function(tickets)\n local _ = math.random()" + tail:                                                "line 2: math.random",
		"return function(tickets)\n table.sort(tickets, function(a, b) return a.rating < b.rating end)" + tail:     "line 2: table.sort leaves",
		"return function(tickets)\n local t = {'b', 'a'} table.sort(t)" + tail:                                     "line 2: table.sort compares texts",
		"return function(tickets)\n table.sort(tickets, function(a, b) return a.position > b.position end)" + tail: "",
		"return function(tickets)\n local t = {2, 1, 2} table.sort(t, function(a, b) return a < b end)" + tail:     "",
		"return function(tickets)\n matchq.sorted(tickets)" + tail:                                                 "",
		"local a, b = 1, 2 a, b = b, a assert(a == 2 and b == 1) return function(tickets)" + tail:                  "",
		"return function(tickets)\n local x = 1 x = tickets[1].attributes.y and 2 if x then error('x') end" + tail: "",
	} {
		got, err := matchqtest.Policy(source).Group(batch, 2)
		if err != nil || want == "" && len(got.Warnings) > 0 || want != "" && (len(got.Warnings) != 1 || !strings.HasPrefix(got.Warnings[0], want)) {
			t.Errorf("%s: %q, %v", source, got.Warnings, err)
		}
	}
}

func TestGroupTellsWhatAPolicyDid(t *testing.T) {
	got, err := matchqtest.Policy(`return function(tickets, size)
		return {{tickets = {5, 1, 3}}, {tickets = {2, 6, 4}, region = "eu"}}
	end`).Group(make([]matchqtest.Ticket, 7), 3)
	if err != nil || len(got.Matches) != 2 || !slices.Equal(got.Matches[0].Players, []string{"p5", "p1", "p3"}) || got.Matches[0].Data != nil ||
		string(got.Matches[1].Data) != `{"region":"eu"}` || !slices.Equal(got.Left, []string{"p7"}) || got.Steps < 1 || got.Steps > 10 {
		t.Errorf("%+v, %v", got, err)
	}
}
