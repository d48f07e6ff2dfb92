--@include lib/time.lua
--@include lib/record.lua
--@include lib/entry.lua
--@include lib/opponents.lua

-- The proposals hash has a value for each match that waits, or waited, for its players to accept:
--   open     o TAB deadline_ms TAB made_ms TAB interval_ms TAB phase_ms TAB <1 or 0 a ticket: accepted> TAB queue
--            TAB <version of the rules> TAB <1 or 0: its players' opponents are noted> TAB <data of the match>
--            TAB id TAB id …
--   settled  m TAB <id of the entry about the match>
--            c TAB <id of the entry about the cancelled> TAB <id of the entry about the restored> TAB id TAB id …
--              where one of the entries may be missing: its id is empty
-- interval_ms and phase_ms are those of its queue's windows when it was made. It ends by its own terms, also when the
-- rules change. Proposed tickets keep their places in the queue's lists. A settled value goes when one of its
-- entries is forgotten.
--
-- k names the keys: tickets, due, events, counters, matched, tombstones, held, proposals, deadlines; to make matches
-- also meta, met_one, met_two; to tell of them sequels.

-- open_proposal: an open proposal; nil for a settled or unknown one.
local function open_proposal(value)
  local deadline, made, interval, phase, accepted, queue, rules, notes, data, ids = string.match(value or "",
    "^o\t(%d+)\t(%d+)\t(%d+)\t(%d+)\t([01]+)\t([^\t]*)\t([^\t]*)\t([01])\t([^\t]*)\t(.*)$")
  if not deadline then
    return nil
  end
  local p = {
    deadline = tonumber(deadline), made = tonumber(made), interval = tonumber(interval), phase = tonumber(phase),
    accepted = accepted, queue = queue, rules = rules, notes = notes, data = data, ids = {},
  }
  for id in string.gmatch(ids, "[^\t]+") do
    p.ids[#p.ids + 1] = id
  end
  return p
end

-- proposal_value: an open proposal as it is stored.
local function proposal_value(p)
  local times = string.format("%.0f\t%.0f\t%.0f\t%.0f", p.deadline, p.made, p.interval, p.phase)
  return table.concat({ "o", times, p.accepted, p.queue, p.rules, p.notes, p.data, table.concat(p.ids, "\t") }, "\t")
end

-- made_value, dissolved_value: a settled proposal as it is stored.
local function made_value(entry)
  return "m\t" .. entry
end

local function dissolved_value(entry, again, ids)
  return table.concat({ "c", entry, again, table.concat(ids, "\t") }, "\t")
end

-- settled_entries: the ids of the entries that a settled proposal names: of the match; or of the cancelled and then of
-- the restored, where there are any.
local function settled_entries(value)
  local entry, again = string.match(value, "^%a\t([^\t]*)\t?([^\t]*)")
  local entries = { entry ~= "" and entry or again }
  entries[2] = entry ~= "" and again ~= "" and again or nil
  return entries
end

-- propose: write the entries for groups of size tickets, open a proposal for each group, and append id, value, … to
-- values, to be stored. about is as for end_tickets, with ready, interval, notes and phases: each queue's.
local function propose(k, now, about, lines, values)
  local proposals, deadlines, size, places, most = {}, {}, about.size, 0, max_places
  local p = { deadline = now + about.ready, made = now, accepted = string.rep("0", size) }
  p.interval, p.rules, p.notes = about.interval, about.rules, about.notes and "1" or "0"
  about.deadline = string.format("%.0f", p.deadline)
  local first = 1
  while first < #lines do
    local last, text, next_most = fill_entry(lines, first, size, most)
    local count = (last - first + 1) / 2
    local more = more_fields(about, places, count / size)
    local entry = add_entry(k.events, now, "proposed", size, "", count, text, unpack(more))
    local place = 0
    for head = first, last, 2 * size do
      local match = entry .. "-" .. place
      place = place + 1
      p.queue, p.ids, p.data = queue_of(lines[head + 1]), {}, about.data and about.data[places + place] or ""
      p.phase = about.phases[p.queue]
      for line = head, head + 2 * size - 2, 2 do
        p.ids[#p.ids + 1] = lines[line]
        values[#values + 1] = lines[line]
        values[#values + 1] = proposed_value(match, lines[line + 1])
      end
      proposals[#proposals + 1], proposals[#proposals + 2] = match, proposal_value(p)
      deadlines[#deadlines + 1], deadlines[#deadlines + 2] = about.deadline, match
    end
    first, places, most = last + 1, places + place, next_most
  end
  if #proposals > 0 then
    redis.call("HSET", k.proposals, unpack(proposals))
    redis.call("ZADD", k.deadlines, unpack(deadlines))
  end
end

-- records_of: the records of a proposal's tickets, in order.
local function records_of(k, p)
  local records = {}
  for i, value in ipairs(redis.call("HMGET", k.tickets, unpack(p.ids))) do
    local _, record = proposal_of(value)
    records[i] = record
  end
  return records
end

-- let_go: stop holding the tickets of a proposal; dead of them leave tombstones. The queue is visited in its next
-- window, for restored tickets and to drop the tombstones.
local function let_go(k, now, match, p, dead)
  redis.call("ZREM", k.deadlines, match)
  redis.call("HINCRBY", k.counters, "proposed", -#p.ids)
  if redis.call("HINCRBY", k.held, p.queue, -#p.ids) == 0 then
    redis.call("HDEL", k.held, p.queue)
  end
  redis.call("HINCRBY", k.tombstones, p.queue, dead)
  redis.call("ZADD", k.due, "XX", "LT", window_from(now + 1, p.interval, p.phase), p.queue)
end

-- make_match: all players have accepted.
local function make_match(k, now, match, p, records)
  local lines, outcomes, players = {}, {}, {}
  for i, id in ipairs(p.ids) do
    lines[2 * i - 1], lines[2 * i] = id, records[i]
    players[i] = player_of(records[i])
  end
  local about = { kind = "matched", size = #p.ids, match = match, rules = p.rules, data = { p.data } }
  local entry = end_tickets(k.events, now, about, lines, outcomes)
  redis.call("HSET", k.tickets, unpack(outcomes))
  redis.call("HINCRBY", k.counters, "matched", #p.ids)
  redis.call("HINCRBY", k.counters, "matches", 1)
  redis.call("ZINCRBY", k.matched, 1, p.queue)
  redis.call("HSET", k.proposals, match, made_value(entry))
  if p.notes == "1" then
    note_opponents(k.meta, k.met_one, k.met_two, now, players, #p.ids)
  end
  let_go(k, now, match, p, #p.ids)
end

-- dissolve: cancel those tickets of a proposal that out marks, and restore the others. Returns how many were
-- cancelled.
local function dissolve(k, now, match, p, records, out, reason)
  local ended, back, values = {}, {}, {}
  for i, id in ipairs(p.ids) do
    if out[i] then
      ended[#ended + 1], ended[#ended + 2] = id, records[i]
    else
      local record = restored(records[i])
      back[#back + 1], back[#back + 2] = id, record
      values[#values + 1], values[#values + 2] = id, record
    end
  end
  local again = ""
  if #back > 0 then
    again = add_entry(k.events, now, "restored", 1, reason, #back / 2, table.concat(back, "\n"), "match", match)
  end
  local about = { kind = "cancelled", size = 1, reason = reason, match = match }
  local entry = end_tickets(k.events, now, about, ended, values) or ""
  redis.call("HSET", k.tickets, unpack(values))
  redis.call("HINCRBY", k.counters, "cancelled", #ended / 2)
  redis.call("HSET", k.proposals, match, dissolved_value(entry, again, p.ids))
  let_go(k, now, match, p, #ended / 2)
  return #ended / 2
end

-- time_out: a proposal's deadline has passed. Players who accepted are restored, the others are cancelled.
local function time_out(k, now, match, p)
  local out = {}
  for i = 1, #p.ids do
    out[i] = string.sub(p.accepted, i, i) == "0"
  end
  dissolve(k, now, match, p, records_of(k, p), out, "no_answer")
end

-- add_match: append the match to a reply: open → the proposal and its tickets' values; settled → the settled value, the
-- fields of its entries and its sequel; made without a ready check → "", the fields of its place and its sequel;
-- unknown → nothing. A sequel is "" if there is none.
local function add_match(k, match, reply)
  local value = redis.call("HGET", k.proposals, match)
  local p = open_proposal(value)
  if p then
    reply[#reply + 1] = value
    for _, ticket in ipairs(redis.call("HMGET", k.tickets, unpack(p.ids))) do
      reply[#reply + 1] = ticket
    end
    return
  end
  local entries = {}
  if value then -- its entries are about this match alone
    for i, id in ipairs(settled_entries(value)) do
      entries[i] = read_entry(k.events, id)
      if not entries[i] then
        return
      end
    end
  else
    local id, place = string.match(match, "^(%d+%-%d+)%-(%d+)$")
    local fields = id and read_entry(k.events, id)
    if fields and is_entry(fields) then
      entries[1] = place_of(fields, tonumber(place))
    end
  end
  if #entries > 0 then
    reply[#reply + 1] = value or ""
  end
  for i = 1, #entries do
    reply[#reply + 1] = entries[i]
  end
  if #entries > 0 then
    reply[#reply + 1] = redis.call("HGET", k.sequels, match) or ""
  end
end
