-- leave_tombstone: count an id in a queue's lists whose ticket has ended; the next tick skips it. Lists of nothing else
-- are dropped at once.
local function leave_tombstone(queue, waiting, passed, due, tombstones, batches)
  local count = redis.call("HINCRBY", tombstones, queue, 1)
  if count == redis.call("LLEN", waiting) + redis.call("LLEN", passed) then
    redis.call("UNLINK", waiting, passed)
    redis.call("ZREM", due, queue)
    redis.call("HDEL", tombstones, queue)
    redis.call("HDEL", batches, queue)
  end
end
