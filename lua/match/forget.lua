-- forget: drop the oldest events and the tickets they ended, once retention is over. WRITES. O(limit). Safe to repeat.
-- WHEN FULL goes on
-- GUARDED
-- KEYS meta tickets players events counters matched proposals sequels
-- ARGV #retention_ms #limit #max_queues (queues whose total of matches is kept)
-- RETURN {"ok", forgotten, more} or {"config", stored}
--
-- An event forgets a ticket only if the ticket's outcome names that very entry, and a proposal only if it settled it.
-- The sequel of a match goes with the event that ended it.
-- An entry of a time to come was written before the clock was set back, and goes too. An unreadable one goes by the
-- time in its id, and forgets nothing else.

--@include lib/time.lua
--@include lib/record.lua
--@include lib/entry.lua

local now = now_ms(call("TIME"))
local before = now - retention_ms

local ends = { matched = true, cancelled = true, expired = true } -- the other kinds end no ticket
local any_sequel = call("EXISTS", sequels) == 1

local ids, owners, entries, gone, settled, over, places, touched = {}, {}, {}, {}, {}, {}, 0, 0
local function take(entry, fields)
  gone[#gone + 1] = entry
  if not fields then
    touched, places = touched + 1, 1
    return
  end
  local kind, match = entry_kind(fields), entry_match(fields)
  local lines = ends[kind] and entry_lines(fields) or ""
  if match and (ends[kind] or kind == "restored") then
    settled[#settled + 1], over[#over + 1] = match, match
  end
  for place = 0, any_sequel and kind == "matched" and not match and entry_places(fields) - 1 or -1 do
    over[#over + 1] = string.format("%s-%d", entry, place)
  end
  local named = #ids
  for id, record in string.gmatch(lines, "([^\n]+)\n([^\n]+)") do
    local owner = player_of(record)
    if owner and #ids - named < entry_count(fields) then
      ids[#ids + 1] = id
      owners[#ids], entries[#ids] = owner, entry
    end
  end
  touched = touched + entry_count(fields)
  places = entry_places(fields)
end

-- Whole entries, oldest first, while they fit; the first one in any case.
local from, more, kept = "-", false, false
repeat
  local page = call("XRANGE", events, from, "+", "COUNT", 4)
  for _, entry in ipairs(page) do
    local fields = is_entry(entry[2]) and entry[2]
    local at = fields and entry_at(fields) or tonumber(string.match(entry[1], "^%d+"))
    kept = at > before and at <= now
    more = not kept and #gone > 0 and touched + (fields and entry_count(fields) or 1) > limit
    if kept or more then
      break
    end
    take(entry[1], fields)
    from = "(" .. entry[1]
  end
until kept or more or #page < 4
if #gone == 0 then
  return { "ok", 0, 0 }
end

local forgotten, released = {}, {}
if #ids > 0 then
  local values = call("HMGET", tickets, unpack(ids))
  local holders = call("HMGET", players, unpack(owners))
  for i = 1, #ids do
    if values[i] and entry_of(values[i]) == entries[i] then
      forgotten[#forgotten + 1] = ids[i]
      if holders[i] == ids[i] then
        released[#released + 1] = owners[i]
      end
    end
  end
end
if #forgotten > 0 then
  call("HDEL", tickets, unpack(forgotten))
  call("HINCRBY", counters, "forgotten", #forgotten)
end
if #released > 0 then
  call("HDEL", players, unpack(released))
end
if #settled > 0 then
  call("HDEL", proposals, unpack(settled))
end
if any_sequel and #over > 0 then
  call("HDEL", sequels, unpack(over))
end
call("XDEL", events, unpack(gone))
call("HSET", meta, "trimmed", gone[#gone] .. "-" .. places - 1) -- the last event, as watchers know it
call("ZREMRANGEBYRANK", matched, 0, -max_queues - 1)
return { "ok", #forgotten, more and 1 or 0 }
