-- minutes: what was written down of some minutes. READS. O(minutes x nodes).
-- KEYS[1..] minutes
-- ARGV none
-- RETURN {now_ms, lists…}; a list is field, value and so on of a minute: "first" and "last" hold its totals, "most" who
--   waited at once, "longest" how long somebody has (ms), "node:<id>" what a node said; empty if nothing was noted

local call = redis.call
--@include lib/time.lua

local reply = { now_ms(call("TIME")) }
for i = 1, #KEYS do
  local noted = redis.pcall("HGETALL", KEYS[i])
  reply[i + 1] = noted.err and {} or noted -- one that is broken hides no others
end
return reply
