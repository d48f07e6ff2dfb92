-- due: the queues that are to be visited now. READS. O(queues returned + offset).
-- KEYS due events deadlines meta
-- ARGV #limit (queues) #offset (where to start, so that nodes pick different queues) #retention_ms
-- RETURN {now_ms, next_ms, forgettable, settleable, replication, born, rules, groups, queue, score, …}: replication
--   and born are as in match/identity.lua; rules is the version in force; groups is "1" if there are groups of workers;
--   next_ms is when another queue is due or a deadline passes ("" if never); forgettable is 1 if there are events older
--   than retention_ms, or with ids ahead of the clock, which tell nothing of their age; settleable is 1 if a deadline
--   has passed

--@include lib/time.lua
--@include lib/identity.lua

local now = now_ms(call("TIME"))
local found = call("ZRANGEBYSCORE", due, "-inf", now, "WITHSCORES", "LIMIT", offset, limit)
if #found == 0 and offset > 0 then
  found = call("ZRANGEBYSCORE", due, "-inf", now, "WITHSCORES", "LIMIT", 0, limit)
end
local later = call("ZRANGEBYSCORE", due, "(" .. now, "(inf", "WITHSCORES", "LIMIT", 0, 1)
local old = call("XRANGE", events, "-", now - retention_ms, "COUNT", 1)
if #old == 0 then
  old = call("XRANGE", events, now + 1000, "+", "COUNT", 1)
end
local next_ms, settleable = later[2] or "", 0
local first = call("ZRANGE", deadlines, 0, 0, "WITHSCORES")
local deadline = tonumber(first[2])
if deadline and deadline <= now then
  settleable = 1
elseif deadline and deadline < (tonumber(next_ms) or math.huge) then
  next_ms = first[2]
end
local replication, born = identity(meta)
local known = call("HMGET", meta, "rules", "groups")
return { now, next_ms, #old, settleable, replication, born, known[1] or "", known[2] or "", unpack(found) }
