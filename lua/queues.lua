-- queues: the state of some queues. READS. O(queues x 64).
-- KEYS[1] meta  KEYS[2] tickets  KEYS[3] due  KEYS[4] matched  KEYS[5] tombstones  KEYS[6] held
-- KEYS[7..] two a queue: waiting, passed
-- ARGV[1..] queues
-- RETURN {now_ms, rows…}; a row is {waiting, proposed, oldest_ms, due_ms, matches, paused}: when the oldest that
--   waits was queued (0: none, or none of the first 64 ids is that of one), when the next visit is due ("": none),
--   matches made, 1 if paused

local call = redis.call
--@include lib/time.lua
--@include lib/record.lua

-- oldest_in: when the first waiting ticket at the head of a queue's list was queued, nil if there is none.
local function oldest_in(list, queue, tickets)
  local ids = call("LRANGE", list, 0, 63)
  for _, value in ipairs(#ids > 0 and call("HMGET", tickets, unpack(ids)) or {}) do
    if waits_until(value, queue .. "\t") then
      return queued_at(value)
    end
  end
  return nil
end

local reply = { now_ms(call("TIME")) }
if #ARGV == 0 then
  return reply
end
local paused = call("HGET", KEYS[1], "paused")
local tombstones = call("HMGET", KEYS[5], unpack(ARGV))
local held = call("HMGET", KEYS[6], unpack(ARGV))
local due = call("ZMSCORE", KEYS[3], unpack(ARGV))
local matches = call("ZMSCORE", KEYS[4], unpack(ARGV))
for i = 1, #ARGV do
  local waiting, passed = KEYS[5 + 2 * i], KEYS[6 + 2 * i]
  local proposed = tonumber(held[i]) or 0
  local live = call("LLEN", waiting) + call("LLEN", passed) - (tombstones[i] or 0) - proposed
  local oldest = live > 0 and (oldest_in(passed, ARGV[i], KEYS[2]) or oldest_in(waiting, ARGV[i], KEYS[2])) or 0
  local is_paused = paused and call("HEXISTS", KEYS[1], "paused:" .. ARGV[i]) or 0
  reply[i + 1] = { live, proposed, oldest, due[i] or "", tonumber(matches[i]) or 0, is_paused }
end
return reply
