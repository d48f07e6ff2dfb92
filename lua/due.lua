-- due: which queues want a visit now. READS. O(queues returned + offset).
-- KEYS[1] due  KEYS[2] events  KEYS[3] deadlines
-- ARGV[1] most queues  ARGV[2] offset: where to start, cut to what is there, so that nodes pick different ones
-- ARGV[3] retention_ms  ARGV[4] ready_ms (0: no ready check)
-- RETURN {now_ms, next_ms, forgettable, settleable, queue, score, …}: when the next queue is due or the next deadline
--   over ("" if never); 1 if there are events older than retention_ms, or with ids ahead of the clock, which tell
--   nothing of their age; 1 if there are deadlines that are over, or further ahead than ready_ms

local call = redis.call
--@include lib/time.lua

local most, offset = tonumber(ARGV[1]), tonumber(ARGV[2])
local retention, ready = tonumber(ARGV[3]), tonumber(ARGV[4])
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
local next_ms, settleable = later[2] or "", 0
if ready > 0 then
  local first = call("ZRANGE", KEYS[3], 0, 0, "WITHSCORES")
  local last = call("ZRANGE", KEYS[3], -1, -1, "WITHSCORES")
  local deadline = tonumber(first[2])
  if deadline and (deadline <= now or tonumber(last[2]) > now + ready) then
    settleable = 1
  elseif deadline and deadline < (tonumber(next_ms) or math.huge) then
    next_ms = first[2]
  end
end
return { now, next_ms, #old, settleable, unpack(due) }
