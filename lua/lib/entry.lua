--@include lib/record.lua

-- An entry of the events stream is about tickets that changed. Its fields begin in this order:
--   kind <proposed, matched, restored, cancelled, expired, assigned, released>
--   size <tickets a match; 1 where each ticket is by itself> count <tickets> at <ms> reason <text> tickets <lines>
-- The others follow in any order: deadline <ms> of a proposal; match <id> of the proposal that ended; rules <version
-- that made the matches>; data <a line of JSON for each match, empty where it has none>. An assigned or released entry
-- repeats the entry about its match, and has its match, made <ms>, proposed 1 if it was, and the sequel that
-- it then had (lib/sequel.lua). The lines are id, record, id,
-- record, … and each size tickets are one place; matches of differing sizes have all of theirs, with commas between. An
-- entry has at most 50 places and 64 KiB of lines, or one place. at is by Redis's clock; the entry's own id never goes
-- back, and so runs ahead of a clock that was set back.

local max_named, max_told = 1000, 256 -- tickets and places of any entry; those about rules have the most places

-- is_entry: whether fields are those of an entry. Another program, or a later version, may have written others, which
-- readers step over. That there are as many lines as tickets is left to them. It is asked often: no loop for most.
local function is_entry(fields)
  if fields[1] ~= "kind" or fields[3] ~= "size" or fields[5] ~= "count" or fields[7] ~= "at" or fields[9] ~= "reason"
    or fields[11] ~= "tickets" then
    return false
  end
  local sizes, count = fields[4], tonumber(fields[6])
  local size = tonumber(sizes)
  if not count or count > max_named or not tonumber(fields[8]) then
    return false
  elseif size then
    return size >= 1 and size % 1 == 0 and count >= size and count % size == 0 and count / size <= max_told
  elseif string.find("," .. sizes .. "|", ",[^1-9]") or string.find(sizes, "[^%d,]") then
    return false
  end
  local total, places = 0, 0
  for own in string.gmatch(sizes, "%d+") do
    total, places = total + own, places + 1
  end
  return total == count and places <= max_told
end

-- entry_kind, entry_count, entry_at, entry_lines: read the fields of an entry, as XRANGE returns them.
local function entry_kind(fields)
  return fields[2]
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

-- entry_places: how many places an entry has.
local function entry_places(fields)
  local size = tonumber(fields[4])
  if size then
    return fields[6] / size
  end
  local _, commas = string.gsub(fields[4], ",", "")
  return commas + 1
end

-- entry_index: where the value of one of the other fields stands; nil if the entry does not have it.
local function entry_index(fields, name)
  for i = 13, #fields, 2 do
    if fields[i] == name then
      return i + 1
    end
  end
  return nil
end

-- entry_match: the id of the proposal that an entry ends; nil for other entries.
local function entry_match(fields)
  return fields[entry_index(fields, "match")]
end

-- read_entry: the fields of the entry with an id; nil if it is gone.
local function read_entry(events, id)
  local found = redis.call("XRANGE", events, id, id)
  return found[1] and found[1][2]
end

-- cut_lines: the lines of a text from the one after skip others on, so many of them.
local function cut_lines(text, skip, n)
  local first = 1
  for _ = 1, skip do
    first = (string.find(text, "\n", first, true) or #text) + 1
  end
  local after = first - 1
  for _ = 1, n do
    after = string.find(text, "\n", after + 1, true) or #text + 1
  end
  return string.sub(text, first, after - 1)
end

-- place_of: the fields of an entry as if it told of one of its places only, which a last field, place, numbers. Returns
-- nil if the entry has no such place. A reply with a whole entry could be some fifty times as long as one about a
-- ticket.
local function place_of(fields, place)
  if place < 0 or place >= entry_places(fields) then
    return nil
  end
  local before, size, nth = 0, tonumber(fields[4]), 0
  for text in string.gmatch(size and "" or fields[4], "%d+") do
    if nth < place then
      before = before + text
    elseif nth == place then
      size = tonumber(text)
    end
    nth = nth + 1
  end
  before = nth > 0 and before or size * place
  local cut = { unpack(fields) }
  cut[4], cut[6] = string.format("%d", size), string.format("%d", size)
  cut[12] = cut_lines(entry_lines(fields), 2 * before, 2 * size)
  local data = entry_index(fields, "data")
  if data then
    cut[data] = cut_lines(fields[data], place, 1)
  end
  cut[#fields + 1], cut[#fields + 2] = "place", string.format("%d", place)
  return cut
end

local max_places = 50 -- of an entry

-- fill_entry: as many places of lines, from first on, as an entry holds: at most so many and 64 KiB of text, but always
-- one. Returns the last line, the text, and how many places the next entry may have. Texts that are too long are rare:
-- short ones cost no more than their making. What follows a long one is mostly as long.
local function fill_entry(lines, first, size, most)
  local places = math.min(most, (#lines + 1 - first) / 2 / size)
  while true do
    local last = first + 2 * size * places - 1
    local text = table.concat(lines, "\n", first, last)
    if #text <= 65536 or places == 1 then
      return last, text, most
    end
    places = math.max(1, math.floor(places * 65536 / #text))
    most = places
  end
end

-- add_entry: write an entry about some tickets, with more fields if there are any. Returns its id.
local function add_entry(events, now, kind, size, reason, count, text, ...)
  return redis.call("XADD", events, "*", "kind", kind, "size", size, "count", count,
    "at", now, "reason", reason, "tickets", text, ...)
end

-- more_fields: the other fields of an entry about n places, after some that other entries told of. See end_tickets.
local function more_fields(about, before, n)
  local fields = {}
  for _, name in ipairs({ "deadline", "match", "rules" }) do
    if about[name] then
      fields[#fields + 1], fields[#fields + 2] = name, about[name]
    end
  end
  local data = {}
  for place = 1, about.data and n or 0 do
    data[place] = about.data[before + place] or ""
  end
  if table.concat(data) ~= "" then
    fields[#fields + 1], fields[#fields + 2] = "data", table.concat(data, "\n")
  end
  return fields
end

-- The places of an entry as text: Redis takes long to write numbers.
local place_texts = {
  "0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
  "10", "11", "12", "13", "14", "15", "16", "17", "18", "19",
  "20", "21", "22", "23", "24", "25", "26", "27", "28", "29",
  "30", "31", "32", "33", "34", "35", "36", "37", "38", "39",
  "40", "41", "42", "43", "44", "45", "46", "47", "48", "49",
}

-- end_tickets: write the entries for lines and append id, outcome, … to outcomes, to be stored. about has the facts
-- of the entries: kind, size, and if there are: reason; match, whose tickets then stay in one entry; rules, the
-- version; data, a text for each place that has some, by number. Returns the id of the last entry.
local function end_tickets(events, now, about, lines, outcomes)
  local at, entry, first, size, places, most = #outcomes, nil, 1, about.size, 0, max_places
  local together = about.match and #lines / 2 or size
  while first < #lines do
    local last, text, next_most = fill_entry(lines, first, together, most)
    local count = (last - first + 1) / 2
    entry = add_entry(events, now, about.kind, size, about.reason or "", count, text,
      unpack(more_fields(about, places, count / size)))
    local place, mark = 0, outcome_mark(about.kind, entry)
    for head = first, last, 2 * size do
      place = place + 1
      local value = mark .. place_texts[place]
      for line = head, head + 2 * size - 2, 2 do
        outcomes[at + 1], outcomes[at + 2] = lines[line], value
        at = at + 2
      end
    end
    first, places, most = last + 1, places + place, next_most
  end
  return entry
end
