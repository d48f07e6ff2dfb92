package rules

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/lua"
)

// ticket is a ticket as the scripts see it.
type ticket struct {
	Player     string         `json:"player"`
	Rating     *float64       `json:"rating,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty"`
	WaitedMS   int64          `json:"waited_ms"`
	Recent     []string       `json:"recent,omitempty"`
}

// question asks for the groups of a batch, its earliest meeting, and an explanation of each ticket.
type question struct {
	rules   Rules
	tickets []ticket
	total   int // of the call; the tickets' number if 0
}

// told is the words of a rule about a group.
type told struct {
	Rule    string   `json:"rule"`
	Gap     *float64 `json:"gap,omitempty,string"`
	MeanGap *float64 `json:"mean_gap,omitempty,string"`
	Limit   *float64 `json:"limit,omitempty,string"`
	Widened *float64 `json:"widened,omitempty,string"`
	Common  string   `json:"common,omitempty"`
	Region  string   `json:"region,omitempty"`
	Latency *float64 `json:"latency,omitempty,string"`
	Waived  int      `json:"waived,omitempty"`
}

type group struct {
	Tickets []int  `json:"tickets"` // positions from 1
	Data    []told `json:"data,omitempty"`
}

type explanation struct {
	Candidate int      `json:"candidate,omitempty"`
	Rule      string   `json:"rule,omitempty"`
	WaitMS    *float64 `json:"wait_ms,omitempty,string"` // nil: never
	Gap       *float64 `json:"gap,omitempty,string"`
	Permitted int      `json:"permitted"`
}

type answer struct {
	Groups       []group       `json:"groups,omitempty"`
	Earliest     *float64      `json:"earliest,omitempty,string"`
	Explanations []explanation `json:"explanations,omitempty"`
}

// engine runs the fragments on a Redis.
type engine struct {
	t      testing.TB
	rdb    redis.UniversalClient
	script *redis.Script
	group  *redis.Script
}

// asking writes numbers with all their digits, which cjson does not.
const asking = `
local function exact(entry)
  local fields = { "gap", "mean_gap", "limit", "widened", "latency", "wait_ms", "earliest" }
  for f = 1, #fields do
    local number = entry[fields[f]]
    entry[fields[f]] = number and string.format("%.17g", number)
  end
end
local engine, answers = new_rules_engine(), {}
for at = 1, #ARGV, 3 do
  local rules, tickets, found = cjson.decode(ARGV[at]), cjson.decode(ARGV[at + 1]), {}
  local groups, batch = engine.group(rules, tickets, #tickets, tonumber(ARGV[at + 2]))
  local all = {}
  for i = 1, #tickets do
    all[i] = i
  end
  for g = 1, #groups do
    for d = 1, #groups[g].data do
      groups[g].data[d] = cjson.decode(groups[g].data[d])
      exact(groups[g].data[d])
    end
    if #groups[g].data == 0 then
      groups[g].data = nil
    end
  end
  found.groups = #groups > 0 and groups or nil
  found.earliest = engine.earliest(batch, all)
  if found.earliest == math.huge then
    found.earliest = -1
  end
  exact(found)
  if #tickets > 0 then
    found.explanations = {}
    for i = 1, #tickets do
      found.explanations[i] = engine.explain(rules, tickets, #tickets, i)
      exact(found.explanations[i])
    end
  end
  answers[#answers + 1] = found.groups == nil and #tickets == 0 and "{}" or cjson.encode(found)
end
return answers
`

const grouping = `
local engine, answers = new_rules_engine(), {}
for at = 1, #ARGV, 3 do
  local rules, tickets, text = cjson.decode(ARGV[at]), cjson.decode(ARGV[at + 1]), {}
  local groups = engine.group(rules, tickets, #tickets, tonumber(ARGV[at + 2]))
  for g = 1, #groups do
    text[g] = table.concat(groups[g].tickets, ",")
  end
  answers[#answers + 1] = table.concat(text, ";")
end
return answers
`

func newEngine(t testing.TB, rdb redis.UniversalClient) *engine {
	t.Helper()
	source, err := lua.Fragment("lib/rules.lua")
	if err != nil {
		t.Fatal(err)
	}
	return &engine{t, rdb, redis.NewScript(source + asking), redis.NewScript(source + grouping)}
}

func arguments(t testing.TB, questions []question) []any {
	var args []any
	for _, q := range questions {
		complete, err := Complete(q.rules)
		if err != nil {
			t.Fatal(err)
		}
		rules, err := Script(&complete)
		if err != nil {
			t.Fatal(err)
		}
		tickets, err := json.Marshal(q.tickets)
		if err != nil {
			t.Fatal(err)
		}
		total := q.total
		if total == 0 {
			total = len(q.tickets)
		}
		args = append(args, rules, tickets, total)
	}
	return args
}

// ask asks all questions in one call.
func (e *engine) ask(questions ...question) []answer {
	e.t.Helper()
	texts, err := e.script.Run(e.t.Context(), e.rdb, []string{"k"}, arguments(e.t, questions)...).StringSlice()
	if err != nil {
		e.t.Fatal(err)
	}
	answers := make([]answer, len(texts))
	for i, text := range texts {
		if err := json.Unmarshal([]byte(text), &answers[i]); err != nil {
			e.t.Fatalf("%s: %v", text, err)
		}
	}
	return answers
}

// groups asks for the groups only, as lists of positions from 0.
func (e *engine) groups(q question) [][]int {
	e.t.Helper()
	texts, err := e.group.Run(e.t.Context(), e.rdb, []string{"k"}, arguments(e.t, []question{q})...).StringSlice()
	if err != nil {
		e.t.Fatal(err)
	}
	var groups [][]int
	if err := json.Unmarshal([]byte("["+list(texts[0])+"]"), &groups); err != nil {
		e.t.Fatalf("%q: %v", texts[0], err)
	}
	for _, g := range groups {
		for i := range g {
			g[i]--
		}
	}
	return groups
}

func list(text string) (array string) {
	if text == "" {
		return ""
	}
	out := []byte("[")
	for _, c := range []byte(text) {
		if c == ';' {
			out = append(out, "],["...)
		} else {
			out = append(out, c)
		}
	}
	return string(append(out, ']'))
}

func rated(player string, rating float64, waitedMS int64) ticket {
	return ticket{Player: player, Rating: &rating, WaitedMS: waitedMS}
}

func decoded(t testing.TB, document string) Rules {
	t.Helper()
	r, err := Decode([]byte(document))
	if err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	return r
}

func show(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}
