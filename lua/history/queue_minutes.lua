-- queue_minutes: the samples of a queue in some minutes. READS. O(minutes).
-- KEYS for each row: minute_queues
-- ARGV queue
-- RETURN {now_ms, rows…}; a row is {sample, queues}: the value of record_queues ("": none), and how many queues the
--   minute has

--@include lib/time.lua

local reply = { now_ms(call("TIME")) }
for row = 1, rows do
  local sample = redis.pcall("HGET", minute_queues[row], queue)
  if type(sample) == "table" then -- a broken minute hides no others
    reply[row + 1] = { "", 0 }
  else
    reply[row + 1] = { sample or "", call("HLEN", minute_queues[row]) }
  end
end
return reply
