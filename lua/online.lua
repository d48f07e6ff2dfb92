-- online: where players are connected. READS. O(players).
-- KEYS[1] online  KEYS[2] nodes
-- ARGV[1..] players
-- RETURN a list of what the online hash says of each, "" of who is not there

local call = redis.call
--@include lib/time.lua
--@include lib/presence.lua

local now = now_ms(call("TIME"))
local values = call("HMGET", KEYS[1], unpack(ARGV))
local ends = leases_of(KEYS[2], values, 1, #ARGV)
for i = 1, #ARGV do
  if is_gone(values[i], now, ends) then
    values[i] = ""
  end
end
return values
