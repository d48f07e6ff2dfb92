-- audit: the totals of a namespace, beside what is really stored. READS. O(1).
-- KEYS[1] tickets  KEYS[2] due  KEYS[3] events  KEYS[4] counters  KEYS[5] timers
-- ARGV none
-- RETURN {enqueued, proposed, matched, cancelled, expired, forgotten, matches, tickets stored, events stored,
--   queues listed, rooms that are to be woken, now_ms}

local call = redis.call
--@include lib/time.lua

local totals = call("HMGET", KEYS[4], "enqueued", "proposed", "matched", "cancelled", "expired",
  "forgotten", "matches")
for i = 1, 7 do
  totals[i] = tonumber(totals[i]) or 0
end
totals[8] = call("HLEN", KEYS[1])
totals[9] = call("XLEN", KEYS[3])
totals[10] = call("ZCARD", KEYS[2])
totals[11] = call("ZCARD", KEYS[5])
totals[12] = now_ms(call("TIME"))
return totals
