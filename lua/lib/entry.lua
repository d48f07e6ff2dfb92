--@include lib/record.lua

-- An entry of the events stream is about tickets that changed. Its fields always have this order:
--   kind <proposed, matched, restored, cancelled, expired> size <tickets a match; 1 where each ticket is by itself>
--   count <tickets> at <ms> reason <text> tickets <lines>
-- and then, for a proposal: deadline <ms>; for the end of a proposal: match <id>. The lines are id, record, id, record,
-- … and each size tickets are one place. at is Redis's clock; the entry's own id never goes back, and so runs ahead of
-- a clock that was set back.

-- entry_kind, entry_size, entry_count, entry_at, entry_lines, entry_match: read the fields of an entry, as XRANGE
-- returns them. The match is nil unless the entry ends a proposal.
local function entry_kind(fields)
  return fields[2]
end

local function entry_size(fields)
  return tonumber(fields[4])
end

local function entry_count(fields)
  return tonumber(fields[6])
end

local function entry_at(fields)
  return tonumber(fields[8])
end

local function entry_lines(fields)
  return fields[12]
end

local function entry_match(fields)
  return fields[13] == "match" and fields[14] or nil
end

-- read_entry: the fields of the entry with an id; nil if it is gone.
local function read_entry(events, id)
  local found = redis.call("XRANGE", events, id, id)
  return found[1] and found[1][2]
end

-- add_entry: write lines[first..last] as an entry, with more fields if there are any. Returns its id.
local function add_entry(events, now, kind, size, reason, lines, first, last, ...)
  return redis.call("XADD", events, "*", "kind", kind, "size", size, "count", (last - first + 1) / 2,
    "at", now, "reason", reason, "tickets", table.concat(lines, "\n", first, last), ...)
end

-- end_tickets: write the entries for lines and append id, outcome, … to outcomes, to be stored. An entry has at most 50
-- places, so that reading one outcome stays cheap. Returns the id of the last entry.
local function end_tickets(events, now, kind, size, reason, lines, outcomes, ...)
  local at, entry = #outcomes, nil
  for first = 1, #lines, 100 * size do
    local last = math.min(first + 100 * size, #lines + 1) - 1
    entry = add_entry(events, now, kind, size, reason, lines, first, last, ...)
    local place = 0
    for head = first, last, 2 * size do
      local value = outcome(kind, entry, place)
      place = place + 1
      for line = head, head + 2 * size - 2, 2 do
        outcomes[at + 1], outcomes[at + 2] = lines[line], value
        at = at + 2
      end
    end
  end
  return entry
end
