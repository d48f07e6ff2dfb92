-- leave_tombstone: the ticket of an id in a queue's lists was cancelled. The id stays as a tombstone, which the next
-- tick skips; lists of nothing else are dropped at once.
local function leave_tombstone(due, tombstones, batches, queue, waiting, passed)
  local count = redis.call("HINCRBY", tombstones, queue, 1)
  if count == redis.call("LLEN", waiting) + redis.call("LLEN", passed) then
    redis.call("UNLINK", waiting, passed)
    redis.call("ZREM", due, queue)
    redis.call("HDEL", tombstones, queue)
    redis.call("HDEL", batches, queue)
  end
end
