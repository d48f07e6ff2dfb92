-- audit: the totals of a namespace, beside what is really stored. READS. O(1).
-- KEYS[1] tickets  KEYS[2] due  KEYS[3] events  KEYS[4] counters
-- ARGV none
-- RETURN {enqueued, proposed, matched, cancelled, expired, forgotten, matches, tickets stored, events stored,
--   queues listed}

local totals = redis.call("HMGET", KEYS[4], "enqueued", "proposed", "matched", "cancelled", "expired",
  "forgotten", "matches")
for i = 1, 7 do
  totals[i] = tonumber(totals[i]) or 0
end
totals[8] = redis.call("HLEN", KEYS[1])
totals[9] = redis.call("XLEN", KEYS[3])
totals[10] = redis.call("ZCARD", KEYS[2])
return totals
