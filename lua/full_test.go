package lua

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestScriptsThatAFullRedisRefuses are those that take memory for something new, and one that only looks what it may.
func TestScriptsThatAFullRedisRefuses(t *testing.T) {
	frees := []string{"match/remove_idle"} // is not refused
	var refused []string
	for _, script := range Scripts() {
		h, err := HeaderOf(script)
		if err != nil {
			t.Fatal(err)
		}
		if h.Writes && !h.GoesOn && !slices.Contains(frees, script) {
			refused = append(refused, script)
		}
	}
	if want := []string{"history/record", "history/record_queues", "match/enqueue", "match/release", "match/rights"}; !slices.Equal(refused, want) {
		t.Errorf("refused: %v, want %v", refused, want)
	}
}

func TestTheOpeningStandsBeforeTheFirstWrite(t *testing.T) {
	const fragments = "local function add(events)\n  redis.call(\"XADD\", events)\nend\n" +
		"local function add_two(events)\n  add(events)\nend\n" +
		"local function look(events)\n  return redis.call(\"XLEN\", events)\nend\n"
	for name, code := range map[string]string{
		"a call":                    "local x = call(\"TIME\")\n@call(\"HSET\", meta, x)\n",
		"in a block":                "if a then\n  return\nend\n@if b then\n  x()\nelse\n  call(\"ZADD\", due)\nend\ncall(\"ZREM\", due)\n",
		"in a loop":                 "look(events)\n@for row = 1, rows do\n  look(events)\n  call(\"PUBLISH\", channel)\nend\n",
		"over several lines":        "f()\n@local reply = {\n  call(\"SPOP\", key),\n}\n",
		"by a fragment":             "look(events)\n@add(events)\n",
		"by a fragment's fragment":  "look(events)\n@local x = add_two(events)\n",
		"by a function of its own":  "local function mine(key)\n  call(\"HDEL\", key)\nend\nlook(events)\n@mine(meta)\n",
		"after one in a comment":    "-- call(\"HSET\", meta)\nlook(events) -- call(\"HSET\", meta)\n@call(\"HSET\", meta)\n",
		"a command nobody knows of": "look(events)\n@call(\"NEWCOMMAND\", meta)\n",
	} {
		before, after, _ := strings.Cut(code, "@")
		got, err := goOnWhenFull(&Header{Script: "match/test"}, before+after, fragments)
		if want := before + opening + after; err != nil || got != want {
			t.Errorf("%s: %v\n%s\nwant:\n%s", name, err, got, want)
		}
	}
	if _, err := goOnWhenFull(&Header{Script: "match/test"}, "look(events)\n", fragments); err == nil {
		t.Error("a script without a write")
	}
}

func TestOnlyWritersGoOn(t *testing.T) {
	for _, head := range []string{"READS. O(1).\n-- WHEN FULL goes on\n-- KEYS meta", "WRITES. O(1). Safe to repeat.\n-- WHEN FULL goes on\n-- KEYS due"} {
		_, _, err := parseHeader("match/test", "-- test: a test. "+head+"\n-- RETURN nothing\n\ncall(\"HSET\", meta)\n")
		if err == nil || !strings.Contains(err.Error(), "can go on") {
			t.Errorf("%s: %v", head, err)
		}
	}
}

var tried = regexp.MustCompile(`(?m)^  \{ "([A-Z]+)"`)

// untried are commands that match/rights.lua need not try: package presence tries PUBLISH, and scripts do without INFO.
var untried = []string{"PUBLISH", "INFO"}

// TestRightsTriesEveryCommand of all other scripts.
func TestRightsTriesEveryCommand(t *testing.T) {
	var tries []string
	for _, found := range tried.FindAllStringSubmatch(read(t, "match/rights.lua"), -1) {
		tries = append(tries, found[1])
	}
	for _, script := range Scripts() {
		source, err := Source(script)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range commands.FindAllStringSubmatch(source, -1) {
			if !slices.Contains(tries, found[1]) && !slices.Contains(untried, found[1]) {
				t.Errorf("%s runs %s, which match/rights.lua does not try", script, found[1])
			}
		}
	}
}
