-- Accessors of records and outcomes; lib/value.lua has their grammar.
--@include lib/value.lua

-- body_of: a record without its expiry: the body, and more.
local function body_of(record)
  return string.sub(record, 15)
end

-- ttl_of: how long the ticket of a body may wait (ms).
local function ttl_of(body)
  return tonumber(string.match(body, "^[^\t]*\t(%d+)"))
end

-- enqueued_at: when a record's ticket was enqueued (ms).
local function enqueued_at(record)
  return expires_at(record) - tonumber(string.match(record, "^[^\t]*\t(%d+)", 15)) -- as ttl_of, without a copy
end

-- while_online: whether a record's ticket lives only while its player is online.
local function while_online(record)
  return string.find(record, "^%d+\t[^\t]*\t%d+!") ~= nil
end

-- player_of, queue_of: the player and the queue of a record.
local function player_of(record)
  return string.match(record, "^[^\t]*\t[^\t]*\t([^\t]*)", 15)
end

local function queue_of(record)
  return string.match(record, "^[^\t]*", 15)
end

-- players_of: the players of lines (id, record, …).
local function players_of(lines)
  local players = {}
  for i = 2, #lines, 2 do
    players[i / 2] = player_of(lines[i])
  end
  return players
end

-- read_ticket: since when a record's ticket waits (ms), its player, its rating ("": none), and where its attributes
-- begin.
local function read_ticket(record)
  local ttl, player, rating, at = string.match(record, "^[^\t]*\t(%d+)[^\t]*\t([^\t]*)\t([^\t]*)\t[^\t]*\t()", 15)
  return string.sub(record, 1, 13) - ttl, player, rating, at
end

-- attributes_in: the attributes that begin at a byte of a record, and where they end. They are long: a plain search for
-- their end takes less than a pattern.
local function attributes_in(record, at)
  local last = (string.find(record, "\t", at, true) or #record + 1) - 1
  return string.sub(record, at, last), last
end

-- opponents_reader: opponents_in(record, at), the latest opponents that a record names behind a byte, at most so many;
-- nil if it names none. Where it names fewer the rest are empty.
local function opponents_reader(most)
  local pattern = "^\tr([^\31\t]*)" .. string.rep("\31?([^\31\t]*)", most - 1)
  return function(record, at)
    local from = string.find(record, "\tr", at, true)
    return from and { string.match(record, pattern, from) }
  end
end

-- predecessor_of: the id of the ticket that a record's ticket succeeds; nil if it succeeds none.
local function predecessor_of(record)
  local _, _, _, at = read_ticket(record)
  return string.match(record, "\tp([^\t]*)", at)
end

-- request_in: the request in a body, or in a record behind its expiry: all but the time to live, which is that
-- of the rules of the moment, the count of restores and more.
local function request_in(body)
  local queue, online, rest = string.match(body, "^([^\t]*)\t%d+(!?)%.?%d*(\t[^\t]*\t[^\t]*\t[^\t]*\t[^\t]*)")
  return queue .. online .. rest
end

-- restored: the record of a ticket that waits again.
local function restored(record)
  local head, times, tail = string.match(record, "^(%d+\t[^\t]*\t%d+!?)%.?(%d*)(\t.*)$")
  return head .. "." .. (tonumber(times) or 0) + 1 .. tail
end

-- is_in_queue: whether a record is of a queue; mark is the queue and a TAB. An id may stand in a list of an earlier
-- queue: its ticket was cancelled and forgotten, and the id used again.
local function is_in_queue(record, mark)
  return string.sub(record, 15, 14 + #mark) == mark
end

-- expires_in_queue: when the ticket of a value expires (ms) if it waits in the queue, else nil or false.
local function expires_in_queue(value, mark)
  return value and is_in_queue(value, mark) and expires_at(value)
end

-- proposal_of: the match id and the record of a proposed ticket; nil for other values.
local function proposal_of(value)
  return string.match(value, "^p\t([^\t]*)\t(.*)$")
end

-- proposed_value: the value of a ticket that is proposed for a match.
local function proposed_value(match, record)
  return "p\t" .. match .. "\t" .. record
end

-- is_held: whether a value is that of a proposed ticket of the queue: its id keeps its place in the list.
local function is_held(value, mark)
  if not value or not is_proposed(value) then
    return false
  end
  local _, record = proposal_of(value)
  return record and is_in_queue(record, mark)
end

-- outcome: the value of a ticket that ended, by the kind of its entry and its place there.
local function outcome(kind, entry, place)
  return string.sub(kind, 1, 1) .. "\t" .. entry .. "-" .. place
end

-- outcome_mark: an outcome without the place.
local function outcome_mark(kind, entry)
  return outcome(kind, entry, "")
end

-- entry_of: the id of the entry that an outcome names, and the place there as text; nil for other values.
local function entry_of(value)
  return string.match(value, "^%a\t([^\t]*)%-(%d+)$")
end

-- is_matched: whether a value is the outcome of a matched ticket.
local function is_matched(value)
  return string.sub(value, 1, 2) == "m\t"
end
