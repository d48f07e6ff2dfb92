-- lease: lease chosen events to a worker. keys are work and leases. An event that was delivered max times, if max is
-- not 0, is not delivered again. repeated says that a first attempt at the call has leased them. Returns id, delivery,
-- text, … of the events, the ids leased, and those delivered too often.
local function lease(keys, chosen, worker, till, max, repeated)
  local events, leased, doomed = {}, {}, {}
  if #chosen == 0 then
    return events, leased, doomed
  end
  local fields, writes, scores = {}, {}, {}
  for _, id in ipairs(chosen) do
    fields[#fields + 1], fields[#fields + 2] = id, "#" .. id
  end
  local values = redis.call("HMGET", keys.work, unpack(fields))
  for i, id in ipairs(chosen) do
    local text, owner = values[2 * i - 1], values[2 * i] or "0 -"
    local count = tonumber(string.match(owner, "^%d+"))
    if repeated and owner == string.format("%d ", count) .. worker and text then
      events[#events + 1], events[#events + 2], events[#events + 3] = id, count, text
      scores[#scores + 1], scores[#scores + 2] = till, id
    elseif not repeated and not text then
      redis.call("ZREM", keys.leases, id) -- it was done by a worker whose lease was over
    elseif not repeated and max > 0 and count >= max then
      doomed[#doomed + 1] = id
    elseif not repeated then
      count = count + 1
      events[#events + 1], events[#events + 2], events[#events + 3] = id, count, text
      writes[#writes + 1], writes[#writes + 2] = "#" .. id, string.format("%d ", count) .. worker
      scores[#scores + 1], scores[#scores + 2] = till, id
      leased[#leased + 1] = id
    end
  end
  if #scores > 0 then
    redis.call("ZADD", keys.leases, unpack(scores))
  end
  if #leased > 0 then
    redis.call("HSET", keys.work, unpack(writes))
  end
  return events, leased, doomed
end

-- note_worker: say that a worker lives for a while, or that it leaves, and forget some that were killed. keys are work
-- and workers.
local function note_worker(keys, worker, now, for_ms, leaving)
  redis.call("ZADD", keys.workers, leaving and now or now + for_ms, worker)
  for _, gone in ipairs(redis.call("ZRANGEBYSCORE", keys.workers, "-inf", now, "LIMIT", 0, 10)) do
    redis.call("ZREM", keys.workers, gone)
    redis.call("HDEL", keys.work, "@" .. gone)
  end
end
