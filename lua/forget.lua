-- forget: drop the oldest events and the tickets they ended, once retention is over. WRITES. O(limit). Safe to repeat.
-- KEYS[1] meta  KEYS[2] tickets  KEYS[3] players  KEYS[4] events  KEYS[5] counters  KEYS[6] matched
-- KEYS[7] proposals
-- ARGV[1] fingerprint  ARGV[2] retention_ms  ARGV[3] limit  ARGV[4] most queues to keep a total of matches for
-- RETURN {"ok", forgotten, more} or {"config", stored}
--
-- Only the event that ended a ticket forgets it: the ticket's outcome must name that very entry. Likewise that which
-- settled a proposal, other than by saying who was restored. An entry of a time to come was written before the clock
-- was set back, and goes too.

local call = redis.call
--@include lib/time.lua
--@include lib/record.lua

local fingerprint, retention, limit, most_queues = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local stored = call("HGET", KEYS[1], "config")
if stored ~= fingerprint then
  return { "config", stored or "" }
end
local now = now_ms(call("TIME"))
local before = now - retention

local ids, players, entries, gone, settled, places, touched = {}, {}, {}, {}, {}, 0, 0
local function take(entry, fields)
  local kind, tickets = fields[2], fields[12]
  if kind == "proposed" or kind == "restored" then
    tickets = "" -- they live on
  elseif fields[13] == "match" then
    settled[#settled + 1] = fields[14]
  end
  for id, record in string.gmatch(tickets, "([^\n]+)\n([^\n]+)") do
    ids[#ids + 1] = id
    players[#ids], entries[#ids] = owner(record), entry
  end
  gone[#gone + 1] = entry
  touched = touched + fields[6]
  places = fields[6] / fields[4]
end

-- Whole entries, oldest first, while they fit; the first one whatever it holds. entry[2][6] is its count.
local from, more, kept = "-", false, false
repeat
  local page = call("XRANGE", KEYS[4], from, "+", "COUNT", 4)
  for _, entry in ipairs(page) do
    local at = tonumber(entry[2][8])
    kept = at > before and at <= now
    more = not kept and #gone > 0 and touched + entry[2][6] > limit
    if kept or more then
      break
    end
    take(entry[1], entry[2])
    from = "(" .. entry[1]
  end
until kept or more or #page < 4
if #gone == 0 then
  return { "ok", 0, 0 }
end

local forgotten, released = {}, {}
if #ids > 0 then
  local values = call("HMGET", KEYS[2], unpack(ids))
  local holders = call("HMGET", KEYS[3], unpack(players))
  for i = 1, #ids do
    if values[i] and entry_of(values[i]) == entries[i] then
      forgotten[#forgotten + 1] = ids[i]
      if holders[i] == ids[i] then
        released[#released + 1] = players[i]
      end
    end
  end
end
if #forgotten > 0 then
  call("HDEL", KEYS[2], unpack(forgotten))
  call("HINCRBY", KEYS[5], "forgotten", #forgotten)
end
if #released > 0 then
  call("HDEL", KEYS[3], unpack(released))
end
if #settled > 0 then
  call("HDEL", KEYS[7], unpack(settled))
end
call("XDEL", KEYS[4], unpack(gone))
call("HSET", KEYS[1], "trimmed", gone[#gone] .. "-" .. places - 1) -- the last event, as watchers know it
call("ZREMRANGEBYRANK", KEYS[6], 0, -most_queues - 1)
return { "ok", #forgotten, more and 1 or 0 }
