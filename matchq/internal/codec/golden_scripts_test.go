package codec_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/lua"
	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// inRedis runs a piece of Lua with all fragments about stored data.
func inRedis(t *testing.T, env *matchqtest.Env, code string, args ...any) []any {
	t.Helper()
	fragments, err := lua.Fragment("lib/sequel.lua")
	since, failed := lua.Fragment("lib/since.lua")
	if err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	fragments += since
	values, err := redis.NewScript(fragments+code).Run(t.Context(), env.Client, []string{"{" + env.Namespace + "}:events"}, args...).Slice()
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func TestScriptsReadAndWriteTheGoldenRecords(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		for _, want := range readGolden(t).Records {
			r, err := codec.ParseRecord(want.Text)
			if err != nil {
				t.Fatal(err)
			}
			body := r.Body()
			online := ""
			if want.WhileOnline {
				online = "!"
			}
			request := strings.Join([]string{want.Queue + online, want.Player, want.Rating, want.ReplyTo, want.Attributes}, "\t")
			got := inRedis(t, env, `
local record = ARGV[1]
local since, player, rating, at = read_ticket(record)
local attributes, last = attributes_in(record, at)
local more = string.sub(record, last + 1)
return {
  string.format("%.0f", expires_at(record)), string.format("%.0f", ttl_of(body_of(record))),
  string.format("%.0f", enqueued_at(record)), string.format("%.0f", since), tostring(while_online(record)), queue_of(record), player_of(record), player,
  rating, attributes, more, opponents_reader(tonumber(ARGV[3]))(record, at) or {}, new_record(expires_at(record), body_of(record)), restored(record),
  request_in(body_of(record)), ARGV[2] .. more, tostring(expires_in_queue(record, queue_of(record) .. "\t") ~= false),
  tostring(expires_in_queue(record, "another\t")), predecessor_of(record) or ""
}`, want.Text, body, strconv.Itoa(max(1, len(want.Opponents))))
			same(t, want.Text, got, []any{
				want.ExpiresMS, want.TTLMS, want.EnqueuedMS, want.EnqueuedMS, want.WhileOnline, want.Queue, want.Player, want.Player,
				want.Rating, want.Attributes, want.More, want.Opponents, want.Text, want.Again, request, body + want.More, true, false, want.Predecessor,
			})
		}
	})
}

func TestScriptsReadAndWriteTheGoldenValues(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		for _, want := range readGolden(t).Values {
			got := inRedis(t, env, `
local value, kind, entry, place = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local match, record = proposal_of(value)
local written = value
if match then
  written = proposed_value(match, record)
elseif entry ~= "" then
  written = outcome(kind, entry, place)
end
return {
  tostring(expires_at(value) ~= nil), tostring(is_proposed(value)), tostring(is_live(value) and true or false),
  tostring(is_matched(value)), entry_of(value) or "", match or "", record or "", written
}`, want.Text, want.State, want.Entry, place(want))
			same(t, want.Text, got, []any{
				want.State == codec.Waiting, want.State == codec.Proposed, want.State == codec.Waiting || want.State == codec.Proposed,
				want.State == codec.Matched, want.Entry, want.Match, want.Record, want.Text,
			})
		}
	})
}

// place returns the place in its entry that an outcome names.
func place(v goldenValue) string {
	if v.Entry == "" {
		return ""
	}
	return v.Text[len("m\t"+v.Entry+"-"):]
}

func TestScriptsReadAndWriteTheGoldenEntries(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		for _, want := range readGolden(t).Entries {
			args := []any{want.Kind, want.Fields[3], want.At, want.Reason, len(want.Fields) - 12}
			for _, more := range want.Fields[12:] {
				args = append(args, more)
			}
			for _, line := range want.Lines {
				args = append(args, line)
			}
			got := inRedis(t, env, `
local more, lines = {}, {}
for i = 6, #ARGV do
  local list = i < 6 + ARGV[5] and more or lines
  list[#list + 1] = ARGV[i]
end
local id = add_entry(KEYS[1], ARGV[3], ARGV[1], ARGV[2], ARGV[4], #lines / 2, table.concat(lines, "\n"), unpack(more))
local fields = read_entry(KEYS[1], id)
return {
  fields, entry_kind(fields), string.format("%.0f", entry_places(fields)), string.format("%.0f", entry_count(fields)),
  string.format("%.0f", entry_at(fields)), entry_lines(fields), entry_match(fields) or ""
}`, args...)
			places := len(want.Places)
			if places == 0 {
				places = want.Count / want.Size
			}
			same(t, want.Kind, got, []any{
				want.Fields, want.Kind, places, want.Count, want.At, want.Fields[11], want.Match,
			})
		}
	})
}

func TestScriptsReadAndWriteTheGoldenProposals(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		for _, want := range readGolden(t).Proposals {
			p, err := codec.ParseProposal(want.Text)
			if err != nil {
				t.Fatal(err)
			}
			got := inRedis(t, env, `
local value, state = ARGV[1], ARGV[2]
local p = open_proposal(value)
if p then
  return {
    string.format("%.0f", p.deadline), string.format("%.0f", p.made), string.format("%.0f", p.interval),
    string.format("%.0f", p.phase), p.accepted, p.queue, p.rules, p.data, p.ids, {}, proposal_value(p)
  }
end
local ids = {}
for i = 5, #ARGV do
  ids[#ids + 1] = ARGV[i]
end
local written = state == "matched" and made_value(ARGV[3]) or dissolved_value(ARGV[3], ARGV[4], ids)
return { "0", "0", "0", "0", "", "", "", "", ids, settled_entries(value), written }`,
				append([]any{want.Text, want.State, p.Entry, p.Restored}, anys(want.IDs)...)...)
			same(t, want.Text, got, []any{
				want.Deadline, want.Made, want.Interval, want.Phase, want.Accepted, want.Queue, want.Rules, want.Data, want.IDs,
				want.Entries, want.Text,
			})
		}
	})
}

func anys(texts []string) []any {
	all := make([]any, len(texts))
	for i, text := range texts {
		all[i] = text
	}
	return all
}
