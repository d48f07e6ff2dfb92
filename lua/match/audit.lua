-- audit: the totals of a namespace, and the sizes of its keys. READS. O(1).
-- KEYS tickets due events counters
-- RETURN {enqueued, proposed, matched, cancelled, expired, forgotten, matches, tickets stored, events stored,
--   queues listed, now_ms}

--@include lib/time.lua

local totals = call("HMGET", counters, "enqueued", "proposed", "matched", "cancelled", "expired",
  "forgotten", "matches")
for i = 1, 7 do
  totals[i] = tonumber(totals[i]) or 0
end
totals[8] = call("HLEN", tickets)
totals[9] = call("XLEN", events)
totals[10] = call("ZCARD", due)
totals[11] = now_ms(call("TIME"))
return totals
