package matchq_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// helping checks the results of matchq's functions, of four tickets, and returns two matches.
const helping = `
local skill = {type = "distance", max = 50, expand = {by = 10, every_ms = 1000, to = 60}, age = "oldest"}
local ping = {type = "latency", attribute = "ms", max = 80, steps = {{after_ms = 20000, value = 150}}}
local modes = {type = "overlap", attribute = "modes"}
local blocks = {type = "avoid", attribute = "blocked"}
local lang = {type = "equal", attribute = "lang", default = "en", optional_after_ms = 86400000}

local function is(got, want, what)
  if got ~= want then error(what .. " is " .. tostring(got) .. ", not " .. tostring(want)) end
end

return function(tickets, size)
  local a, b, c, d = unpack(tickets)
  is(#tickets, 4, "n")
  is(a.player .. b.player .. c.player .. d.player, "abcd", "the order")
  is(a.position + 2 * d.position, 9, "positions")
  is(matchq.number(a, "rating"), 100, "the rating")
  is(matchq.number(d, "rating"), nil, "no rating")
  is(matchq.number(d, "rating", 7), 7, "a default")
  is(matchq.number(b, "level"), 3, "an attribute")
  is(matchq.number(a, "level", 1), 1, "a text that is no number")
  is(matchq.gap(a, b), 40, "the gap")
  is(matchq.gap(a, d), nil, "no gap")
  is(matchq.gap(a, c, "level"), nil, "no level")
  is(table.concat(matchq.set(a, "modes"), ","), "duel,team", "the set")
  is(table.concat(matchq.set(b, "modes"), ","), "team", "a set of one")
  is(#matchq.set(d, "modes", {}), 0, "no set")
  is(d.attributes.anything, nil, "attributes that are no object")

  local function line(key)
    local names = ""
    for _, ticket in ipairs(matchq.sorted(tickets, key)) do names = names .. ticket.player end
    return names
  end
  is(line(), "bacd", "by rating")
  is(line(function(ticket) return -(ticket.rating or 0) end), "cabd", "descending")
  is(line(function(ticket) return ticket.attributes.lang end), "bcad", "by text")
  is(line(function() return 0 / 0 end), "abcd", "by nothing")
  is(table.concat(matchq.sorted({3, "b", 1, "a", 2}, function(x) return x end), ""), "123ab", "any list")

  is(matchq.limit(skill, {waited_ms = 0}), 50, "the limit at first")
  is(matchq.limit(skill, {waited_ms = 500}), 55, "the limit later")
  is(matchq.limit(skill, {waited_ms = 9000}), 60, "the limit at last")
  is(matchq.limit(ping, {waited_ms = 20000}), 150, "a step")
  is(matchq.permitted(skill, a, b), true, "a and b are near")
  is(matchq.permitted(skill, a, c), true, "a and c are as near as may be")
  is(matchq.permitted(skill, b, c), false, "b and c are far apart")
  is(matchq.permitted(skill, a, d), false, "a and d are not known to be near")
  is(matchq.permitted({skill, modes, lang}, a, b), false, "a and b speak other languages")
  is(matchq.permitted({skill, modes, lang}, b, b), false, "oneself")
  is(matchq.permitted({}, c, d), true, "no rules")
  is(matchq.permitted(blocks, d, a), false, "a blocks d")
  is(matchq.permitted(ping, a, b), true, "a region for a and b")
  is(matchq.permitted(ping, a, c), false, "no region for a and c")
  local region, worst = matchq.common(ping, {a, b})
  is(region .. worst, "eu70", "the region")
  is(matchq.common(modes, {a, b}), "team", "the mode")
  is(matchq.common(modes, {a, c}), nil, "no mode")

  local swap, other = 1, 2
  swap, other = other, swap
  is(swap .. other, "21", "a swap")
  swap = d.attributes.x and 1
  is(swap, nil, "and")
  local x, list = 1, {2}
  list[1], x = x, list[1]
  is(list[1] + 10 * x, 21, "a swap with a field")
  return {{tickets = {1, 2}, region = region}, {tickets = {c.position, d.position}}}
end`

// The functions of matchq do the same on each Redis, and so does Lua.
func TestPolicyHelpers(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{Policy: matchq.LuaPolicy("helping", helping), Logger: slog.New(slog.DiscardHandler)})
		for _, r := range []matchq.Request{
			{Player: "a", Rating: new(100.0), Attributes: json.RawMessage(`{"level":"3","modes":["duel","team","duel"],"ms":{"eu":70,"us":10},"lang":"es","blocked":["d"]}`)},
			{Player: "b", Rating: new(60.0), Attributes: json.RawMessage(`{"level":3,"modes":"team","ms":{"eu":20,"us":90},"lang":"de"}`)},
			{Player: "c", Rating: new(150.0), Attributes: json.RawMessage(`{"ms":{"as":1},"lang":"en","level":null}`)},
			{Player: "d", Attributes: json.RawMessage(`"no object"`)},
		} {
			r.Queue = "q"
			if _, err := m.Enqueue(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		if report, err := m.Tick(t.Context(), "q"); err != nil || report.Matches != 2 {
			t.Fatalf("%+v, %v", report, err)
		}
		if match := ticketOf(t, m, "a").Match; string(match.Data) != `{"region":"eu"}` {
			t.Errorf("%s", match.Data)
		}
	})
}

// A fault of a rule, or of a call of a helper, is told with its line and by the policy's name.
func TestPolicyHelpersExplain(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		long := strings.Repeat("né:1: ", 15)
		m := newMatcher(t, env, matchq.Config{})
		for call, want := range map[string]string{
			`matchq.permitted({type = "distanse"}, a, b)`:                                       "distance, equal, overlap, latency or avoid",
			`matchq.permitted(7, a, b)`:                                                         "",
			`matchq.permitted({type = "distance"}, a, b)`:                                       "max must be a number",
			`matchq.permitted({type = "distance", max = 1, last = 3}, a, b)`:                    "no field 'last'",
			`matchq.permitted({type = "equal"}, a, b)`:                                          "must name an attribute",
			`matchq.permitted({type = "distance", max = 1, expand = {by = 1}}, a, b)`:           "expand.every_ms",
			`matchq.permitted({type = "latency", attribute = "x", max = 1, steps = {5}}, a, b)`: "after_ms",
			`matchq.permitted({type = "distance", max = 1, age = 3}, a, b)`:                     "youngest or oldest",
			`matchq.permitted({type = "distance", max = 1}, a, {})`:                             "one of the batch",
			`matchq.limit({type = "equal", attribute = "x"}, a)`:                                "no limit",
			`matchq.common({type = "avoid", attribute = "x"}, {a, b})`:                          "nothing in common",
			`matchq.sorted(nil)`: "",
			`matchq.sorted(tickets, function(ticket) return ticket.attributes.x.y end)`:               "attempt to index",
			`error(select(2, pcall(error, "mine")))`:                                                  "mine",
			`for i = 1, 20000 do matchq.permitted({type = "equal", attribute = "x"}, a, b) end`:       "20000 steps",
			`local x = {type = "equal", attribute = "x"} while true do matchq.permitted(x, a, b) end`: "20000 steps",
		} {
			source := "return function(tickets)\n  local a, b = tickets[1], tickets[2]\n  " + call + "\nend"
			setRules(t, m, "*", matchq.Rules{Policy: long, Source: source})
			enqueueMany(t, m, "q", 2)
			_, err := m.Tick(t.Context(), "q")
			var failed *matchq.PolicyError
			if !errors.As(err, &failed) || failed.Line != 3 || failed.Policy != long || !strings.Contains(failed.Problem, want) {
				t.Errorf("%s: %v", call, err)
			}
		}
		setRules(t, m, "*", matchq.Rules{Policy: "mine", Source: "return function()\n\n local ok, problem = pcall(function() local x = nil + 1 end)\n error('caught ' .. problem, 0) end"})
		enqueueMany(t, m, "q", 2)
		if _, err := m.Tick(t.Context(), "q"); err == nil || !strings.Contains(err.Error(), "policy mine:4: caught ") || !strings.Contains(err.Error(), "policy mine:3: ") {
			t.Errorf("%v", err)
		}
	})
}

// A policy sees no more tickets a call than their attributes may be decoded of, and the next ones with those it left.
func TestAPolicySeesABoundedBatch(t *testing.T) {
	env := matchqtest.Embedded(t)
	m := newMatcher(t, env, matchq.Config{Limit: 500, TTL: time.Hour, Policy: matchq.LuaPolicy("counts", `return function(tickets)
		local n = 0
		for _, ticket in ipairs(tickets) do n = n + #ticket.attributes.x end
		return {{tickets = {1, 2}, seen = #tickets, read = n}}
	end`)})
	requests := make([]matchq.Request, 200)
	for i := range requests {
		requests[i] = matchq.Request{Queue: "q", Player: fmt.Sprint("p", i), Attributes: json.RawMessage(`{"x":"` + strings.Repeat("y", 4000) + `"}`)}
	}
	if _, err := m.EnqueueAll(t.Context(), requests); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Tick(t.Context(), "q"); err != nil {
		t.Fatal(err)
	}
	if match := ticketOf(t, m, "p0").Match; match == nil || string(match.Data) != `{"read":512000,"seen":128}` {
		t.Errorf("%+v", match)
	}
}
