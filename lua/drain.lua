-- drain: cancel what waits in a queue, from the oldest on. WRITES. O(limit). Safe to repeat: newcomers stay.
-- KEYS[1] meta  KEYS[2] tickets  KEYS[3] due  KEYS[4] events  KEYS[5] counters  KEYS[6] tombstones  KEYS[7] batches
-- KEYS[8] waiting  KEYS[9] passed
-- ARGV[1] fingerprint  ARGV[2] queue  ARGV[3] reason  ARGV[4] limit  ARGV[5] until_ms (0: now; else as returned)
-- RETURN {"ok", until_ms, cancelled, more} or {"config", stored}; tickets queued after until_ms are left alone

local call = redis.call
--@include lib/time.lua
--@include lib/record.lua
--@include lib/give_up.lua

local fingerprint, queue, reason = ARGV[1], ARGV[2], ARGV[3]
local limit, until_ms = tonumber(ARGV[4]), tonumber(ARGV[5])
local stored = call("HGET", KEYS[1], "config")
if stored ~= fingerprint then
  return { "config", stored or "" }
end
local now = now_ms(call("TIME"))
if until_ms == 0 then
  until_ms = now
end

-- Those a tick under way has passed over stand in front of the others.
local lines, cuts, seen, tombstones, budget, more = {}, {}, {}, 0, limit, false
for _, list in ipairs({ KEYS[9], KEYS[8] }) do
  local ids = budget > 0 and call("LRANGE", list, 0, budget - 1) or {}
  local values = #ids > 0 and call("HMGET", KEYS[2], unpack(ids)) or {}
  local taken = 0
  for i = 1, #ids do
    local value = values[i]
    if stands_in(value, queue .. "\t") and not seen[ids[i]] then
      local since = queued_at(value)
      if since > until_ms and since <= now then -- else the clock was set back
        break
      end
      seen[ids[i]] = true
      lines[#lines + 1], lines[#lines + 2] = ids[i], value
    else
      tombstones = tombstones + 1
    end
    taken = i
  end
  cuts[list] = taken
  more = more or taken == budget
  budget = budget - taken
end

give_up(KEYS[2], KEYS[4], KEYS[5], now, reason, lines)
for list, taken in pairs(cuts) do
  call("LTRIM", list, taken, -1)
end
local passed = call("LLEN", KEYS[9])
if passed == 0 then
  call("HDEL", KEYS[7], queue)
end
if passed + call("LLEN", KEYS[8]) == 0 then
  call("ZREM", KEYS[3], queue)
  call("HDEL", KEYS[6], queue)
elseif tombstones > 0 then
  call("HINCRBY", KEYS[6], queue, -tombstones)
end
return { "ok", until_ms, #lines / 2, more and 1 or 0 }
