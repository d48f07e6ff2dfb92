-- minutes: the samples of some minutes. READS. O(minutes x nodes).
-- KEYS for each row: minute
-- RETURN {now_ms, lists…}; a list is field, value, … of a minute: "first" and "last" hold its totals, "most" the most
--   tickets that waited, "longest" the longest wait (ms), "node:<id>" a node's payload; empty if there is no sample

--@include lib/time.lua

local reply = { now_ms(call("TIME")) }
for row = 1, rows do
  local fields = redis.pcall("HGETALL", minute[row])
  reply[row + 1] = fields.err and {} or fields -- a broken one hides no others
end
return reply
