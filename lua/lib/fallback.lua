--@include lib/grouping.lua

-- A policy that failed on a queue is tried again in the first visit after so long (ms). Until then the queue is matched
-- first come, first served. The hash fallbacks has queue → "<when that is> <version of the policy>".
local fallback_ms, max_fallbacks = 30000, 10000

-- first_come: the policy of a queue whose own one failed.
local function first_come(batch, size)
  return batch.n - batch.n % size
end

-- fallen_back: until when each queue does without the policy (ms), by row; nil if it does not. Entries of another
-- version don't count, nor do entries of a time to come: they were written before the clock was set back.
local function fallen_back(fallbacks, version, names, now)
  local until_ms = {}
  for row, value in ipairs(redis.call("HMGET", fallbacks, unpack(names))) do
    local ends, of = string.match(value or "", "^(%d+) (.*)$")
    ends = tonumber(ends)
    if of == version and ends <= now + fallback_ms then
      until_ms[row] = ends
    end
  end
  return until_ms
end

-- group_visit: group a visit's batch with a policy of a user's own, or with first_come if that fails, or while the
-- queue does without it. Sets visit.fallback as tick.lua reports it.
local function group_visit(policy, visit, ends, now, size, matched)
  local batch = visit.batch
  if ends and now < ends then
    visit.fallback = 1
    visit.taken, visit.took = group(first_come, batch, size, matched)
    return
  end
  visit.fallback = ends and batch.n >= size and 3 or ends and 1 or 0
  visit.taken, visit.took, visit.error = group(policy, batch, size, matched)
  if visit.error then
    visit.fallback = ends and 1 or 2
    visit.taken, visit.took = group(first_come, batch, size, matched)
  end
end

-- note_fallbacks: keep until when the queues of some visits do without the policy. Of queues that are never visited
-- again, entries go with the key: an hour after the last failure, or when there are too many.
local function note_fallbacks(fallbacks, version, visits, names, now)
  local failed, over = {}, {}
  for _, visit in ipairs(visits) do
    if visit.error then
      failed[#failed + 1] = names[visit.row]
      failed[#failed + 1] = string.format("%.0f ", now + fallback_ms) .. version
    elseif visit.fallback == 3 then
      over[#over + 1] = names[visit.row]
    end
  end
  if #failed > 0 then
    if redis.call("HLEN", fallbacks) >= max_fallbacks then
      redis.call("UNLINK", fallbacks)
    end
    redis.call("HSET", fallbacks, unpack(failed))
    redis.call("PEXPIRE", fallbacks, 120 * fallback_ms)
  end
  if #over > 0 then
    redis.call("HDEL", fallbacks, unpack(over))
  end
end
