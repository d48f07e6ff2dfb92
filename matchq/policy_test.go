package matchq_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// bad policies fail in each way that there is; problem is part of the message, line its place.
var bad = []struct {
	name, source, problem string
	line                  int
}{
	{"raises", "return function()\n  error('no luck today')\nend", "no luck today", 2},
	{"raises a table", "return function()\n error({}) end", "the error is a table value", 1},
	{"endless", "return function()\n  while true do\n  end\nend", "20000 steps", 2},
	{"endless repeat", "return function()\n  repeat until false end", "20000 steps", 2},
	{"endless for", "return function()\n  for i = 1, math.huge do end end", "20000 steps", 2},
	{"endless in pcall", "return function()\n while true do pcall(function() while true do end end) end end", "20000 steps", 2},
	{"endless in the chunk", "while true do end return function() end", "20000 steps", 1},
	{"endless recursion", "local function f()\n  return f()\nend\nreturn f", "20000 steps", 1},
	{"deep recursion", "local function f()\n  return 1 + f()\nend\nreturn f", "", 0},
	{"endless in sort", "return function(batch)\n table.sort(batch, function() while true do end end) end", "20000 steps", 2},
	{"endless in gsub", "return function()\n return (('x'):gsub('x', function() while true do end end)) end", "20000 steps", 2},
	{"varargs for ever", "local function f(n, ...)\n  if n > 0 then return f(n - 1, n, ...) end local t = {} while true do t[#t + 1] = {...} end\n" +
		"end return function() return f(150) end", "20000 steps", 0},
	{"recursion in pcall", "local function f()\n  pcall(f) pcall(f) end return f", "", 0},
	{"own step", "local _step = function() end return function()\n while true do end end", "20000 steps", 2},
	{"sorts for ever", "return function()\n local t = {} for i = 1, 9000 do t[i] = -i end\n for i = 1, 9999 do table.sort(t) end end", "20000 steps", 3},
	{"inserts for ever", "return function()\n local t = {} for i = 1, 19000 do table.insert(t, 1, i) end end", "20000 steps", 2},
	{"rep", "return function()\n  local s = string.rep('x', 1e9) return {} end", "more than 16384 bytes", 2},
	{"rep by method", "return function()\n  return ('x'):rep(1e9) end", "more than 16384 bytes", 2},
	{"rep by index", "return function()\n  local k = 're' .. 'p' return ('x')[k]('x', 1e9) end", "more than 16384 bytes", 0},
	{"doubles", "return function()\n local s = 'xx'\n" + strings.Repeat("s = s .. s ", 40) + "end", "more than 16384 bytes", 3},
	{"concat", "return function()\n  local t = {} for i = 1, 5000 do t[i] = 'xxxx' end local s = table.concat(t) end", "more than 16384 bytes", 2},
	{"format", "return function()\n  local s = string.format('%s%s', ('x'):rep(9000), ('x'):rep(9000)) end", "more than 16384 bytes", 2},
	{"pattern", "return function()\n  local s = ('a'):rep(2000) return s:find('.-.-.-.-.-.-b') end", "20000 steps", 2},
	{"pattern of a gsub", "return function()\n  local s = ('a'):rep(2000) return s:gsub('a*a*a*a*b', '') end", "20000 steps", 2},
	{"touches Redis", "return function()\n  redis.call('SET', 'x', 1) return {1, 2} end", "attempt to index", 2},
	{"touches a key", "return function()\n  return KEYS[1] end", "attempt to index", 2},
	{"touches arguments", "return function()\n  return ARGV[1] end", "attempt to index", 2},
	{"loadstring", "return function()\n  loadstring(\"redis.call('FLUSHALL')\")() end", "attempt to call", 2},
	{"load", "return function()\n  load(function() end)() end", "attempt to call", 2},
	{"globals", "return function()\n  for k in pairs(_G) do _G[k] = nil end end", "bad argument", 2},
	{"environment", "return function()\n  getfenv(1).redis = nil end", "attempt to call", 2},
	{"metatable of strings", "return function()\n  getmetatable('').__index = {} end", "attempt to call", 2},
	{"string itself", "string.rep = nil table.sort = nil math.floor = nil\nreturn function() return string.rep('x', 2) end", "attempt to call", 2},
	{"seeds", "return function()\n  math.randomseed(1) end", "attempt to call", 2},
	{"collects", "return function()\n  collectgarbage() end", "attempt to call", 2},
	{"nothing there", "return function(batch)\n  return {batch[99].rating} end", "attempt to index", 2},
	{"concatenates nil", "return function(batch)\n  local s = 'a' .. batch.x end", "attempt to concatenate a nil value", 2},
	{"wrong argument", "return function(batch)\n  local s = string.rep({}, 2) end", "bad argument #1 to 'rep'", 2},
	{"not JSON", "return function(batch)\n  local s = cjson.decode('{') end", "", 2},
	{"no function", "local f = 1\nreturn f", "must return a function", 0},
	{"twice", "return function() return {1, 1} end", "listed twice", 0},
	{"odd", "return function() return {1, 2, 3} end", "2 for each match", 0},
	{"out of reach", "return function() return {1, 100} end", "not in the batch", 0},
	{"no list", "return function() return '1 2' end", "must return a list", 0},
	{"fractions", "return function() return {1, 1.5} end", "not in the batch", 0},
	{"not a position", "return function() return {false, {}} end", "not in the batch", 0},
	{"no tickets", "return function() return {{}, false} end", "match 1 must have tickets", 0},
	{"too few tickets", "return function() return {{tickets = {1, 2}}, {tickets = {3}}} end", "match 2 must have tickets", 0},
	{"data that is no data", "return function() return {{tickets = {1, 2}, f = print or error}} end", "data must be", 0},
	{"too much data", "return function() return {{tickets = {1, 2}, s = ('x'):rep(1025)}} end", "more than 1024", 0},
	{"data in a ring", "return function() local t = {} t[1] = t return {{tickets = {1, 2}, t = t}} end", "4 levels", 0},
	{"the batch itself", "return function(batch) batch[5] = nil return batch end", "match 1 must have tickets", 0},
}

// A policy that fails is replaced at once: all that wait are matched, whatever it did.
func TestABadPolicyLosesNobody(t *testing.T) {
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		if env.Embedded != nil { // which computes slowly, and much more so under the race detector
			env.Client = redis.NewClient(&redis.Options{Addr: env.Embedded.Addr(), ReadTimeout: time.Minute, ContextTimeoutEnabled: true})
			defer func() { _ = env.Client.Close() }()
		}
		for i, c := range bad {
			env.Namespace = fmt.Sprintf("%.30s-%d", env.Namespace, i)
			m := newMatcher(t, env, matchq.Config{Policy: matchq.LuaPolicy(c.name, c.source), Timeout: time.Minute, Logger: slog.New(slog.DiscardHandler)})
			enqueueMany(t, m, "history", 5)
			report, err := m.Tick(t.Context(), "history")
			var failed *matchq.PolicyError
			if !errors.As(err, &failed) || failed.Queue != "history" || failed.Policy != c.name || !strings.Contains(failed.Problem, c.problem) {
				t.Errorf("%s: %v", c.name, err)
			} else if c.line != 0 && failed.Line != c.line {
				t.Errorf("%s: line %d, not %d: %v", c.name, failed.Line, c.line, err)
			}
			if report.Matches != 2 || report.Left != 1 || !report.Fallback {
				t.Errorf("%s: %+v", c.name, report)
			}
			checkAudit(t, m)
			enqueue(t, m, "history", "late")
			if report, err = m.Tick(t.Context(), "history"); err != nil || report.Matches != 1 || !report.Fallback {
				t.Errorf("%s, then: %+v, %v", c.name, report, err)
			}
			checkAudit(t, m)
			if env.Client.Exists(t.Context(), "x").Val() != 0 {
				t.Fatalf("%s wrote a key", c.name)
			}
		}
	})
}

// Policies that change their arguments, or have names like ours, work all the same.
func TestAPolicySeesCopies(t *testing.T) {
	const tail = " local order = {} for i = 1, #batch - #batch % size do order[i] = i end return order end"
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		for name, source := range map[string]string{
			"trims them":     "return function(batch, size) table.remove(batch)" + tail,
			"changes ids":    "return function(batch, size) for _, b in ipairs(batch) do b.id, b.player = 'x', 'y' end" + tail,
			"adds fields":    "return function(batch, size) batch.ids, batch.records, batch.at = {}, {}, {}" + tail,
			"our names":      "policy, group, redis, names, visits = 1, 2, 3, 4, 5 return function(batch, size) now = 1 guest = {}" + tail,
			"our locals":     "local call, grouped, sandbox, _step, _index = 1, 2, 3, 4, 5 return function(batch, size)" + tail,
			"breaks strings": "string.find = nil return function(batch, size) assert(('abc'):find('b') == 2)" + tail,
			"uses what it may": `local seen = {}
				return function(batch, size)
				  for i, b in ipairs(batch) do
				    local a = b.attributes
				    assert(a.lang == "de" and a.none == cjson.null and a == b.attributes, "attributes")
				    assert(("lang=de"):match("lang=(%a+)") == cjson.decode('["de"]')[1] and b.position == i, "match")
				    seen[b.player .. "/" .. b.rating] = math.floor(b.waited_ms) >= 0 and select("#", unpack({1, 2})) == 2
				    local ok, problem = pcall(error, "mine", 0)
				    assert(not ok and problem == "mine", "pcall")
				  end
				  assert(seen["p1/1"] and next(seen), "seen")
				  local t = {3, 1, 2}
				  table.sort(t) table.insert(t, 4) table.insert(t, 1, 0) table.remove(t)
				  assert(table.concat(t, ",") == "0,1,2,3" and ("%d-%s"):format(1, "a") == "1-a", "table")
				  assert(("a,b"):gsub(",", ";") == "a;b" and ("abc"):sub(2):upper():rep(2) == "BCBC" and #("x" .. 1 .. 2) == 3, "string")
				  for word in ("a b"):gmatch("%a") do assert(word == "a" or word == "b") end
				  order = {} for i = 1, #batch - #batch % size do order[i] = i end return order
				end`,
		} {
			env.Namespace += "x"
			m := newMatcher(t, env, matchq.Config{Policy: matchq.LuaPolicy(name, source)})
			for i := range 5 {
				r := matchq.Request{Queue: "history", Player: fmt.Sprint("p", i), Rating: new(float64(i)), Attributes: []byte(`{"lang":"de","none":null}`)}
				if _, err := m.Enqueue(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
			report, err := m.Tick(t.Context(), "history")
			if err != nil || report.Matches != 2 || report.Left != 1 || report.Fallback {
				t.Errorf("%s: %+v, %v", name, report, err)
			}
			checkAudit(t, m)
			if err := m.Check(t.Context()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestNewRefusesAPolicyThatIsNotLua(t *testing.T) {
	for source, line := range map[string]int{"this is not lua": 1, "return function(batch)\n  return {": 2, "\nreturn 1\n": 3, "x = 1": 1} {
		_, err := matchq.New(matchqtest.Embedded(t).Client, matchq.Config{Policy: matchq.LuaPolicy("mine", source)})
		var failed *matchq.PolicyError
		if !errors.As(err, &failed) || failed.Policy != "mine" || failed.Line != line || failed.Queue != "" {
			t.Errorf("%q: %v", source, err)
		}
	}
}

// Check has Redis load the policy, and so finds faults that Lua alone can't tell.
func TestCheckLoadsThePolicy(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		for _, source := range []string{"local f = 1\nreturn f", "x.y = 1\nreturn function() end"} {
			m := newMatcher(t, env, matchq.Config{Policy: matchq.LuaPolicy("mine", source)})
			var failed *matchq.PolicyError
			if err := m.Check(t.Context()); !errors.As(err, &failed) || failed.Policy != "mine" {
				t.Errorf("%q: %v", source, err)
			}
		}
	})
}

// flaky fails while somebody called "trouble" waits.
const flaky = `return function(batch, size)
  local order = {}
  for i, ticket in ipairs(batch) do
    if ticket.player == "trouble" then error("trouble is here") end
  end
  for i = #batch, #batch % size + 1, -1 do order[#order + 1] = i end
  return order
end`

// The fallback begins with a failure, on all nodes, and ends with the first visit after 30 s; the log says both once.
func TestTheFallbackEnds(t *testing.T) {
	t.Parallel()
	env := matchqtest.Embedded(t)
	var log bytes.Buffer
	var reports []matchq.TickReport
	cfg := matchq.Config{
		Policy: matchq.LuaPolicy("flaky", flaky), TTL: matchq.Never, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Hooks: matchq.Hooks{Ticked: func(r matchq.TickReport) { reports = append(reports, r) }},
	}
	one, other := newMatcher(t, env, cfg), newMatcher(t, env, cfg)
	now := time.UnixMilli(1_700_000_000_000)
	tick := func(m *matchq.Matcher, after time.Duration, players ...string) matchq.TickReport {
		t.Helper()
		now = now.Add(after)
		env.Embedded.SetTime(now)
		for _, player := range players {
			enqueue(t, m, "history", player)
		}
		reports = nil
		_, _ = m.Tick(t.Context(), "history")
		if len(reports) != 1 {
			t.Fatalf("%d reports", len(reports))
		}
		checkAudit(t, m)
		return reports[0]
	}
	for i, step := range []struct {
		m        *matchq.Matcher
		after    time.Duration
		players  []string
		fallback bool
		failed   bool
		logged   int // lines so far
	}{
		{one, 0, []string{"a", "b"}, false, false, 0},
		{one, time.Second, []string{"trouble", "c"}, true, true, 1},
		{other, time.Second, []string{"d", "e"}, true, false, 1},
		{other, 28 * time.Second, []string{"f", "g"}, true, false, 1},
		{other, 2 * time.Second, []string{"h"}, true, false, 1}, // nobody to try the policy on
		{one, time.Second, []string{"trouble"}, true, true, 1},  // tried again, and it goes on
		{one, 29 * time.Second, []string{"i", "j"}, true, false, 1},
		{other, time.Second, []string{"k", "l"}, false, false, 2},
		{one, time.Second, []string{"m", "n"}, false, false, 2},
		{one, time.Second, []string{"trouble", "o"}, true, true, 3},
		{one, -time.Hour, []string{"p", "q"}, false, false, 3}, // the clock was set back
	} {
		r := tick(step.m, step.after, step.players...)
		if r.Fallback != step.fallback || (r.Err != nil) != step.failed || strings.Count(log.String(), "\n") != step.logged {
			t.Errorf("step %d: %+v\n%s", i, r, &log)
		}
	}
	if said := log.String(); !strings.Contains(said, "policy flaky:4: trouble is here") || !strings.Contains(said, "in use again") {
		t.Error(said)
	}
}

// A policy that was mended is used at once.
func TestAnotherPolicyIsNotFallenBack(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		for _, c := range []struct {
			source   string
			fallback bool
		}{{"return function() error('x') end", true}, {"return function() return {2, 1} end", false}} {
			m := newMatcher(t, env, matchq.Config{Policy: matchq.LuaPolicy("mine", c.source), Logger: slog.New(slog.DiscardHandler)})
			enqueueMany(t, m, "history", 2)
			report, _ := m.Tick(t.Context(), "history")
			if report.Fallback != c.fallback || report.Matches != 1 {
				t.Errorf("%s: %+v", c.source, report)
			}
		}
	})
}

// A policy that is too slow in many queues holds Redis for one of them a call.
func TestSlowPoliciesShareNoCall(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		const queues = 20
		calls, matches := 0, 0
		ended := make(chan matchq.TickReport, queues)
		m := newMatcher(t, env, matchq.Config{
			Interval: 10 * time.Millisecond, TTL: matchq.Never, Logger: slog.New(slog.DiscardHandler),
			Policy: matchq.LuaPolicy("endless", "return function() while true do end end"),
			Hooks:  matchq.Hooks{Ticked: func(r matchq.TickReport) { ended <- r }},
		})
		for i := range queues {
			enqueue(t, m, fmt.Sprint("q", i), fmt.Sprint("a", i))
			enqueue(t, m, fmt.Sprint("q", i), fmt.Sprint("b", i))
		}
		go func() { _ = m.Run(t.Context()) }()
		for matches < queues {
			r := <-ended
			if matches += r.Matches; r.First {
				calls++
			}
		}
		if calls != queues {
			t.Errorf("%d calls for %d queues", calls, queues)
		}
		checkAudit(t, m)
	})
}
