package lua

import (
	"strings"
	"testing"
)

// bound returns the bound code of a script, from its binding on.
func bound(t *testing.T, header, code string) (string, error) {
	t.Helper()
	h, body, err := parseHeader("match/test", "-- test: a test. WRITES. O(1). Safe to repeat.\n"+header+"-- RETURN nothing\n\n"+code)
	if err != nil {
		return "", err
	}
	return bind(h, body)
}

const someHeader = `-- GUARDED paused
-- KEYS meta tickets
-- KEYS for each run: waiting passed
-- KEYS for each row: mailbox
-- ARGV #interval_ms ?is_new (a flag) reason #runs
-- ARGV for each run: queue #phase_ms
-- ARGV for each row by column: id body
`

func TestBinding(t *testing.T) {
	got, err := bound(t, someHeader, `f(meta, tickets, interval_ms, is_new, reason, paused)
for run = 1, runs do
  g(waiting[run], passed[run + 1], queue[run], phase_ms[run], "queue[run]") -- queue[run]
end
h(id[1], body[rows], all(id), mailbox[#list], list.queue[run])
`)
	if err != nil {
		t.Fatal(err)
	}
	want := `local call = redis.call
local meta, tickets =
  KEYS[1], KEYS[2]
local interval_ms, is_new, reason, runs =
  tonumber(ARGV[2]), (ARGV[3] == "1"), ARGV[4], tonumber(ARGV[5])
local rows = (#KEYS - 2 - 2 * runs) / 1
if #KEYS ~= 2 + 2 * runs + rows or #ARGV ~= 5 + 2 * runs + 2 * rows then
  return redis.error_reply("MATCHQ_BADARG match/test: keys and arguments do not fit")
end
local before_mailbox = 2 + 2 * runs
local before_id = 5 + 2 * runs
local before_body = 5 + 2 * runs + rows
local guard = call("HMGET", meta, "config", "paused")
if guard[1] ~= ARGV[1] then
  return { "config", guard[1] or "" }
end
local paused = guard[2]
f(meta, tickets, interval_ms, is_new, reason, paused)
for run = 1, runs do
  g(KEYS[1 + 2 * run], KEYS[2 + 2 * (run + 1)], ARGV[4 + 2 * run], tonumber(ARGV[5 + 2 * run]), "queue[run]") -- queue[run]
end
h(ARGV[before_id + 1], ARGV[before_body + rows], unpack(ARGV, before_id + 1, before_id + rows), KEYS[before_mailbox + (#list)], list.queue[run])
`
	if got != want {
		t.Errorf("bound:\n%s\nwant:\n%s", got, want)
	}
}

func TestBindingRefuses(t *testing.T) {
	for name, test := range map[string]struct{ header, code, want string }{
		"a local of that name":         {"-- KEYS due\n", "local x, due = 1, 2\n", "another meaning"},
		"a loop variable of that name": {"-- KEYS due\n", "for _, due in ipairs({}) do f(due) end\n", "another meaning"},
		"a parameter of that name":     {"-- KEYS due\n", "local function f(due) return due end\n", "another meaning"},
		"a function of that name":      {"-- KEYS due\n", "local function due() end\n", "another meaning"},
		"the count of a group":         {"-- ARGV for each row: id\n", "local rows = id[1]\n", "another meaning"},
		"a field that is read":         {"-- GUARDED paused\n-- KEYS meta\n", "local paused = 1\n", "another meaning"},
		"KEYS":                         {"-- KEYS due\n", "return KEYS[1]\n", "uses KEYS"},
		"ARGV":                         {"-- KEYS due\n", "return #ARGV\n", "uses ARGV"},
		"quotes":                       {"-- KEYS due\n", "return 'due'\n", "strings are written"},
		"a name that is not used":      {"-- ARGV for each row: id body\n", "return id[1]\n", "body, which the code does not use"},
		"a name twice":                 {"-- KEYS due\n-- ARGV due\n", "return due\n", "twice"},
		"two groups without a number":  {"-- ARGV for each row: id\n-- ARGV for each run: queue\n", "return { id[1], queue[1] }\n", "no argument says how many"},
		"a guard without meta":         {"-- GUARDED\n-- KEYS due\n", "return due\n", "needs the key meta"},
		"a line that is none":          {"-- KEY due\n", "return 1\n", "none of GUARDED"},
		"a name that is none":          {"-- KEYS Due\n", "return 1\n", "no name"},
		"once after groups":            {"-- ARGV for each row: id\n-- ARGV limit\n", "return id[1]\n", "before the groups"},
	} {
		if code, err := bound(t, test.header, test.code); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one that says %q; bound:\n%s", name, err, test.want, code)
		}
	}
}

func TestHeadersMustNotShadowFragments(t *testing.T) {
	err := refuseShadowing(&Header{Script: "match/test", Keys: Params{Once: []Param{{Name: "now_ms"}}}}, "local function now_ms(time)\nend\n")
	if err == nil || !strings.Contains(err.Error(), "name of a fragment") {
		t.Errorf("error: %v", err)
	}
}
