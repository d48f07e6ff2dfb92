--@include lib/time.lua
--@include lib/record.lua
--@include lib/entry.lua

-- The proposals hash has a value for each match that waits, or waited, for its players to accept:
--   open     o TAB deadline_ms TAB made_ms TAB phase_ms of its queue TAB <1 or 0 a ticket: accepted> TAB queue
--            TAB id TAB id …
--   settled  m TAB <id of the entry about the match>
--            c TAB <id of the entry about the cancelled> TAB <id of the entry about the restored; may be empty>
--              TAB id TAB id …
-- Proposed tickets keep their places in the queue's lists. A settled value goes when its entry is forgotten.
--
-- k names the keys: tickets, due, events, counters, matched, tombstones, held, proposals, deadlines.

-- open_proposal: an open proposal; nil for a settled or unknown one.
local function open_proposal(value)
  local deadline, made, phase, accepted, queue, ids =
    string.match(value or "", "^o\t(%d+)\t(%d+)\t(%d+)\t([01]+)\t([^\t]*)\t(.*)$")
  if not deadline then
    return nil
  end
  local p = { deadline = tonumber(deadline), made = made, phase = tonumber(phase), accepted = accepted, queue = queue }
  p.ids = {}
  for id in string.gmatch(ids, "[^\t]+") do
    p.ids[#p.ids + 1] = id
  end
  return p
end

-- proposal_value: an open proposal as it is stored.
local function proposal_value(p)
  local deadline = string.format("%.0f", p.deadline)
  return table.concat({ "o", deadline, p.made, p.phase, p.accepted, p.queue, table.concat(p.ids, "\t") }, "\t")
end

-- made_value, dissolved_value: a settled proposal as it is stored.
local function made_value(entry)
  return "m\t" .. entry
end

local function dissolved_value(entry, again, ids)
  return table.concat({ "c", entry, again, table.concat(ids, "\t") }, "\t")
end

-- settled_entries: the ids of the entries that a settled proposal names: of the match, or of the cancelled and then, if
-- there are any, of the restored.
local function settled_entries(value)
  local entry, again = string.match(value, "^%a\t([^\t]*)\t?([^\t]*)")
  return again ~= "" and { entry, again } or { entry }
end

-- propose: write the entries for groups of size tickets, open a proposal for each group, and append id, value, … to
-- values, to be stored. phases has each queue's.
local function propose(k, now, ready, size, lines, phases, values)
  local proposals, deadlines = {}, {}
  local p = { deadline = now + ready, made = string.format("%.0f", now), accepted = string.rep("0", size) }
  local deadline = string.format("%.0f", p.deadline)
  local first = 1
  while first < #lines do
    local last, text = fill_entry(lines, first, size)
    local entry = add_entry(k.events, now, "proposed", size, "", (last - first + 1) / 2, text, "deadline", deadline)
    local place = 0
    for head = first, last, 2 * size do
      local match = entry .. "-" .. place
      place = place + 1
      p.queue, p.ids = queue_of(lines[head + 1]), {}
      p.phase = phases[p.queue]
      for line = head, head + 2 * size - 2, 2 do
        p.ids[#p.ids + 1] = lines[line]
        values[#values + 1] = lines[line]
        values[#values + 1] = proposed_value(match, lines[line + 1])
      end
      proposals[#proposals + 1], proposals[#proposals + 2] = match, proposal_value(p)
      deadlines[#deadlines + 1], deadlines[#deadlines + 2] = deadline, match
    end
    first = last + 1
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
local function let_go(k, interval, now, match, p, dead)
  redis.call("ZREM", k.deadlines, match)
  redis.call("HINCRBY", k.counters, "proposed", -#p.ids)
  if redis.call("HINCRBY", k.held, p.queue, -#p.ids) == 0 then
    redis.call("HDEL", k.held, p.queue)
  end
  redis.call("HINCRBY", k.tombstones, p.queue, dead)
  redis.call("ZADD", k.due, "XX", "LT", window_from(now + 1, interval, p.phase), p.queue)
end

-- make_match: all players have accepted.
local function make_match(k, interval, now, match, p, records)
  local lines, outcomes = {}, {}
  for i, id in ipairs(p.ids) do
    lines[2 * i - 1], lines[2 * i] = id, records[i]
  end
  local entry = end_tickets(k.events, now, "matched", #p.ids, "", lines, outcomes, "match", match)
  redis.call("HSET", k.tickets, unpack(outcomes))
  redis.call("HINCRBY", k.counters, "matched", #p.ids)
  redis.call("HINCRBY", k.counters, "matches", 1)
  redis.call("ZINCRBY", k.matched, 1, p.queue)
  redis.call("HSET", k.proposals, match, made_value(entry))
  let_go(k, interval, now, match, p, #p.ids)
end

-- dissolve: cancel the tickets of a proposal that out marks, one at least, and restore the others. Returns how many
-- were cancelled.
local function dissolve(k, interval, now, match, p, records, out, reason)
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
  local entry = end_tickets(k.events, now, "cancelled", 1, reason, ended, values, "match", match)
  redis.call("HSET", k.tickets, unpack(values))
  redis.call("HINCRBY", k.counters, "cancelled", #ended / 2)
  redis.call("HSET", k.proposals, match, dissolved_value(entry, again, p.ids))
  let_go(k, interval, now, match, p, #ended / 2)
  return #ended / 2
end

-- time_out: a proposal's deadline has passed. Players who accepted are restored, the others are cancelled.
local function time_out(k, interval, now, match, p)
  local out = {}
  for i = 1, #p.ids do
    out[i] = string.sub(p.accepted, i, i) == "0"
  end
  dissolve(k, interval, now, match, p, records_of(k, p), out, "no_answer")
end

-- add_match: append the match to a reply: open → the proposal and its tickets' values; settled → the settled value and
-- the fields of its entries; made without a ready check → "" and the fields of its place; unknown → nothing.
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
    entries[1] = fields and place_of(fields, tonumber(place))
  end
  if #entries > 0 then
    reply[#reply + 1] = value or ""
  end
  for i = 1, #entries do
    reply[#reply + 1] = entries[i]
  end
end
