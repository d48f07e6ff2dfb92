-- due: which queues want a visit now. READS. O(queues returned + offset).
-- KEYS[1] due  KEYS[2] events
-- ARGV[1] most queues  ARGV[2] offset: where to start, cut to what is there, so that nodes pick different ones
-- ARGV[3] retention_ms
-- RETURN {now_ms, next_ms, forgettable, queue, score, …}: when the next queue is due ("" if never), and 1 if there are
--   events older than retention_ms, or with ids ahead of the clock, which tell nothing of their age

local call = redis.call
--@include lib/time.lua

local most, offset, retention = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = now_ms(call("TIME"))
local due = call("ZRANGEBYSCORE", KEYS[1], "-inf", now, "WITHSCORES", "LIMIT", offset, most)
if #due == 0 and offset > 0 then
  due = call("ZRANGEBYSCORE", KEYS[1], "-inf", now, "WITHSCORES", "LIMIT", 0, most)
end
local later = call("ZRANGEBYSCORE", KEYS[1], "(" .. now, "(inf", "WITHSCORES", "LIMIT", 0, 1)
local old = call("XRANGE", KEYS[2], "-", now - retention, "COUNT", 1)
if #old == 0 then
  old = call("XRANGE", KEYS[2], now + 1000, "+", "COUNT", 1)
end
return { now, later[2] or "", #old, unpack(due) }
