--@include lib/grouping.lua
--@include policy/fifo.lua

-- A policy that failed on a queue is tried again in the first visit after so long (ms). Until then the queue is matched
-- first come, first served. The hash fallbacks has queue → "<when that is> <version of the policy>".
local fallback_ms, max_fallbacks = 30000, 10000

-- fallen_back: until when a queue does without its policy (ms), from its value in fallbacks; nil if it does not. A
-- value of another version does not count, nor one of a time to come: it was written before the clock was set back.
local function fallen_back(value, version, now)
  local ends, of = string.match(value or "", "^(%d+) (.*)$")
  ends = tonumber(ends)
  return of == version and ends <= now + fallback_ms and ends or nil
end

-- group_visit: group a visit's batch with a policy of a user's own, or first come, first served if that fails, or while
-- the queue does without it. Sets visit.fallback as tick.lua reports it.
local function group_visit(guest, visit, ends, now, made)
  local batch = visit.batch
  visit.version = guest.version
  if ends and now < ends then
    visit.fallback = 1
    visit.taken, visit.took = group(fifo, batch, made)
    return
  end
  visit.fallback = ends and batch.n >= made.size and 3 or ends and 1 or 0
  visit.taken, visit.took, visit.error = group(guest.run, batch, made)
  if visit.error then
    visit.fallback = ends and 1 or 2
    visit.taken, visit.took = group(fifo, batch, made)
  end
end

-- note_fallbacks: keep until when the queues of some visits do without their policy. Of queues that are never visited
-- again, entries go with the key: an hour after the last failure, or when there are too many.
local function note_fallbacks(fallbacks, visits, names, now)
  local failed, over = {}, {}
  for _, visit in ipairs(visits) do
    if visit.error and visit.fallback then
      failed[#failed + 1] = names[visit.row]
      failed[#failed + 1] = string.format("%.0f ", now + fallback_ms) .. visit.version
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
