-- queues: the state of some queues. READS. O(queues x 64).
-- KEYS meta tickets due matched tombstones held fallbacks
-- KEYS for each row: waiting passed
-- ARGV for each row: queue
-- RETURN {now_ms, rows…}; a row is {waiting, proposed, oldest_ms, due_ms, matches, paused, fallback}: oldest_ms is
--   when the oldest waiting ticket was enqueued (0: none, or none of the first 64 ids is that of one), due_ms when the
--   next visit is due ("": none), matches how many were made, paused 1 or 0, fallback its value in fallbacks ("": none)

--@include lib/time.lua
--@include lib/record.lua

-- oldest_in: when the first waiting ticket at the head of a queue's list was enqueued; nil if there is none.
local function oldest_in(list, mark)
  for _, last in ipairs({ 1, 63 }) do -- it is mostly one of the first two
    local ids = call("LRANGE", list, 0, last)
    for _, value in ipairs(#ids > 0 and call("HMGET", tickets, unpack(ids)) or {}) do
      if expires_in_queue(value, mark) then
        return enqueued_at(value)
      end
    end
  end
  return nil
end

local reply = { now_ms(call("TIME")) }
if rows == 0 then
  return reply
end
local any_paused = call("HGET", meta, "paused")
local dead = call("HMGET", tombstones, all(queue))
local holding = call("HMGET", held, all(queue))
local visits = call("ZMSCORE", due, all(queue))
local matches = call("ZMSCORE", matched, all(queue))
local fallen = call("HMGET", fallbacks, all(queue))
for row = 1, rows do
  local proposed, mark = tonumber(holding[row]) or 0, queue[row] .. "\t"
  local passing = call("LLEN", passed[row])
  local live = call("LLEN", waiting[row]) + passing - (dead[row] or 0) - proposed
  local oldest = live > 0 and oldest_in(passing > 0 and passed[row] or waiting[row], mark) or 0
  local paused = any_paused and call("HEXISTS", meta, "paused:" .. queue[row]) or 0
  reply[row + 1] = { live, proposed, oldest, visits[row] or "", tonumber(matches[row]) or 0, paused }
  reply[row + 1][7] = fallen[row] or ""
end
return reply
