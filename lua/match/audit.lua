-- audit: the totals of a namespace, and the sizes of its keys. READS. O(rows).
-- KEYS tickets due events counters tombstones held
-- KEYS for each row: waiting passed
-- ARGV for each row: queue
-- RETURN {enqueued, proposed, matched, cancelled, expired, forgotten, matches, tickets stored, events stored,
--   queues listed, now_ms, standing, holding}: standing is how many ids of live tickets the lists of the rows hold, and
--   holding how many of them are proposed; -1 if a listed queue is not among the rows

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

local listed, standing, holding = 0, 0, 0
if rows > 0 then
  local scores = call("ZMSCORE", due, all(queue))
  local dead = call("HMGET", tombstones, all(queue))
  local proposed = call("HMGET", held, all(queue))
  for row = 1, rows do
    listed = listed + (scores[row] and 1 or 0)
    standing = standing + call("LLEN", waiting[row]) + call("LLEN", passed[row]) - (tonumber(dead[row]) or 0)
    holding = holding + (tonumber(proposed[row]) or 0)
  end
end
local complete = listed == totals[10]
totals[12] = complete and standing or -1
totals[13] = complete and holding or -1
return totals
