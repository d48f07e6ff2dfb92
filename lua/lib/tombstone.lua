-- leave_tombstone: count the id of a cancelled ticket, which stays in the queue's lists until the next tick skips it.
-- Lists that hold nothing else are dropped at once.
local function leave_tombstone(due, tombstones, batches, queue, waiting, passed, rank)
  local count = redis.call("HINCRBY", tombstones, queue, 1)
  if count == redis.call("LLEN", waiting) + redis.call("LLEN", passed) then
    redis.call("UNLINK", waiting, passed, rank)
    redis.call("ZREM", due, queue)
    redis.call("HDEL", tombstones, queue)
    redis.call("HDEL", batches, queue)
  end
end
