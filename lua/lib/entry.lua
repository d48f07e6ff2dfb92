--@include lib/record.lua

-- An entry of the events stream is about tickets that changed. Its fields always have this order:
--   kind <proposed, matched, restored, cancelled, expired> size <tickets a match; 1 where each ticket is by itself>
--   count <tickets> at <ms> reason <text> tickets <lines>
-- and then, for a proposal: deadline <ms>; for the end of a proposal: match <id>. The lines are id, record, id, record,
-- … and each size tickets are one place; an entry has at most 50 places and 64 KiB of lines, or one place. at is by
-- Redis's clock; the entry's own id never goes back, and so runs ahead of a clock that was set back.

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

-- place_of: the fields of an entry as if it told of one of its places only: count and tickets are those of the place,
-- and a last field, place, has its number. Returns nil if the entry has no such place. A reply with a whole entry could
-- be some fifty times as long as one about a ticket.
local function place_of(fields, place)
  local size, lines = entry_size(fields), entry_lines(fields)
  if place < 0 or place >= entry_count(fields) / size then
    return nil
  end
  local first = 1
  for _ = 1, 2 * size * place do
    first = string.find(lines, "\n", first, true) + 1
  end
  local after = first - 1
  for _ = 1, 2 * size do
    after = string.find(lines, "\n", after + 1, true) or #lines + 1
  end
  local cut = { unpack(fields) }
  cut[6], cut[12] = fields[4], string.sub(lines, first, after - 1)
  cut[#fields + 1], cut[#fields + 2] = "place", string.format("%d", place)
  return cut
end

-- fill_entry: as many places of lines, from first on, as an entry holds: at most 50 and 64 KiB of text, but always one.
-- Returns the last line, and the text. Texts that are too long are rare: short ones cost no more than their making.
local function fill_entry(lines, first, size)
  local places = math.min(50, (#lines + 1 - first) / 2 / size)
  while true do
    local last = first + 2 * size * places - 1
    local text = table.concat(lines, "\n", first, last)
    if #text <= 65536 or places == 1 then
      return last, text
    end
    places = math.max(1, math.floor(places * 65536 / #text))
  end
end

-- add_entry: write an entry about some tickets, with more fields if there are any. Returns its id.
local function add_entry(events, now, kind, size, reason, count, text, ...)
  return redis.call("XADD", events, "*", "kind", kind, "size", size, "count", count,
    "at", now, "reason", reason, "tickets", text, ...)
end

-- The places of an entry as text: Redis takes long to write numbers.
local place_texts = {
  "0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
  "10", "11", "12", "13", "14", "15", "16", "17", "18", "19",
  "20", "21", "22", "23", "24", "25", "26", "27", "28", "29",
  "30", "31", "32", "33", "34", "35", "36", "37", "38", "39",
  "40", "41", "42", "43", "44", "45", "46", "47", "48", "49",
}

-- end_tickets: write the entries for lines and append id, outcome, … to outcomes, to be stored. The tickets of one
-- proposal, whose entries have more fields, stay in one entry. Returns the id of the last entry.
local function end_tickets(events, now, kind, size, reason, lines, outcomes, ...)
  local at, entry, first = #outcomes, nil, 1
  local together = select("#", ...) > 0 and #lines / 2 or size
  while first < #lines do
    local last, text = fill_entry(lines, first, together)
    entry = add_entry(events, now, kind, size, reason, (last - first + 1) / 2, text, ...)
    local place, mark = 0, outcome_mark(kind, entry)
    for head = first, last, 2 * size do
      place = place + 1
      local value = mark .. place_texts[place]
      for line = head, head + 2 * size - 2, 2 do
        outcomes[at + 1], outcomes[at + 2] = lines[line], value
        at = at + 2
      end
    end
    first = last + 1
  end
  return entry
end
