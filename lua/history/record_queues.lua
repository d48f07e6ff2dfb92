-- record_queues: sample some queues in a minute. WRITES. O(queues). Safe to repeat: samples are maxima.
-- GUARDED
-- KEYS meta minute_queues
-- ARGV #start_ms (of the minute) keep_ms #room (queues of a minute)
-- ARGV for each row by column: queue #waiting #longest_ms (wait) #before (matches made before) #matches (made so far)
-- RETURN {"ok", now_ms, queues that were recorded} or {"config", stored}
--
-- The minute's hash has queue → "most longest first last": the most tickets that waited, the longest wait, and the
-- matches made so far, before the first sample and at the last. Once it has room queues it takes no other one.

--@include lib/time.lua

local now = now_ms(call("TIME"))
if start_ms % 60000 ~= 0 or now < start_ms or now - start_ms >= 60000 or rows == 0 then
  return { "ok", now, 0 }
end
local stored = call("HMGET", minute_queues, all(queue))
local free = room - call("HLEN", minute_queues)
local samples = {}
for row = 1, rows do
  local most, longest, first, last = waiting[row], longest_ms[row], before[row], matches[row]
  local known = stored[row] and { string.match(stored[row], "^(%d+) (%d+) (%d+) (%d+)$") }
  if known and known[4] then
    most, longest = math.max(most, tonumber(known[1])), math.max(longest, tonumber(known[2]))
    first, last = math.min(first, tonumber(known[3])), math.max(last, tonumber(known[4]))
  elseif not known then
    free = free - 1
  end
  if known or free >= 0 then
    samples[#samples + 1] = queue[row]
    samples[#samples + 1] = string.format("%.0f %.0f %.0f %.0f", most, longest, first, last)
  end
end
if #samples > 0 then
  call("HSET", minute_queues, unpack(samples))
end
call("PEXPIRE", minute_queues, keep_ms)
return { "ok", now, #samples / 2 }
