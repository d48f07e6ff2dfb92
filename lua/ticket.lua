-- ticket: what is known of a ticket, by its id or as the latest of a player. READS. O(size of one entry).
-- KEYS[1] tickets  KEYS[2] players  KEYS[3] events
-- ARGV[1] id ("": the player's)  ARGV[2] player
-- RETURN {now_ms} if there is none, else {now_ms, id, record} or {now_ms, id, outcome, entry fields}

local call = redis.call
--@include lib/time.lua
--@include lib/record.lua

local id, player = ARGV[1], ARGV[2]
local now = now_ms(call("TIME"))
if id == "" then
  id = call("HGET", KEYS[2], player)
end
local value = id and call("HGET", KEYS[1], id)
if not value then
  return { now }
end
local entry = entry_of(value)
if not entry then
  return { now, id, value }
end
local found = call("XRANGE", KEYS[3], entry, entry)
if not found[1] then
  return { now }
end
return { now, id, value, found[1][2] }
