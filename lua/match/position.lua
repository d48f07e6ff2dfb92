-- position: the end of the event stream, and its Redis. READS. O(1).
-- KEYS meta events
-- ARGV entry ("": neither it nor the newest entry is looked up)
-- RETURN {replication, born, trimmed, newest, found}: trimmed is the last event that was trimmed, newest the id of the
--   newest entry, each "" if there is none; found is 1 if the entry stands in the stream

--@include lib/identity.lua

local replication, born = identity(meta)
local trimmed = call("HGET", meta, "trimmed") or ""
if entry == "" then
  return { replication, born, trimmed, "", 0 }
end
local newest = call("XREVRANGE", events, "+", "-", "COUNT", 1)[1]
local found = newest and (newest[1] == entry and 1 or #call("XRANGE", events, entry, entry)) or 0
return { replication, born, trimmed, newest and newest[1] or "", found }
