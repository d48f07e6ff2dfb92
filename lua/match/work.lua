-- work: settle events that a worker had, and lease it others. WRITES. O(rows + slots). Safe to repeat: see turn.
-- WHEN FULL goes on
-- GUARDED
-- KEYS meta groups group_info work ready leases dead workers
-- ARGV group worker #turn #slots (of the worker that are free) #lease_ms #longest_ms (that a redelivery may be off)
-- ARGV #max_deliveries (0: no end) ?leaving (without slots)
-- ARGV for each row: id delivery verdict problem
-- RETURN {"ok", "none"} if there is no such group; {"ok", "there", ready, next_ms, position, lost, events}; or
--   {"config", stored}. ready says how many events wait for a worker, next_ms in how many ms one more does ("" for
--   never), position up to which entry the group has events. lost are the rows to keep that the worker has no longer;
--   events are id, delivery, text, …
--
-- A verdict is "done", "dead", "back" (it was not handled), "keep" (the lease goes on), or after how many ms the event
-- is delivered again. A call with the turn of the worker's last one is that call once more: its reply was lost.
-- Half of the slots are for events that nobody had yet, if there are any: failures hold up nobody.

--@include lib/time.lua
--@include lib/work.lua
--@include lib/lease.lua

local now = now_ms(call("TIME"))
local info = call("HMGET", group_info, "retention_ms", "position")
local retention = tonumber(info[1] or nil)
if not retention then
  return { "ok", "none" }
end
local taken = string.match(call("HGET", work, "@" .. worker) or "", "^" .. string.format("%d", turn) .. " (.*)$")
local lost, done, doomed, problems = {}, {}, {}, {}
for row = 1, rows do
  local what = verdict[row]
  local mine = what ~= "done" and call("HGET", work, "#" .. id[row]) == delivery[row] .. " " .. worker
    and call("ZSCORE", leases, id[row])
  if what == "done" then
    done[#done + 1] = id[row] -- also if another worker has it by now: the work is done
  elseif what == "keep" and mine then
    call("ZADD", leases, now + lease_ms, id[row])
  elseif what == "keep" then
    lost[#lost + 1] = row
  elseif mine and not taken then
    if what == "dead" then
      call("ZREM", leases, id[row])
      doomed[#doomed + 1], problems[#problems + 1] = id[row], problem[row]
    elseif what == "back" then
      call("ZREM", leases, id[row])
      call("HSET", work, "#" .. id[row], delivery[row] - 1 .. " -")
      call("RPUSH", ready, id[row])
    else
      call("ZADD", leases, now + tonumber(what), id[row])
    end
  end
end
if #done > 0 then
  local gone = call("ZREM", leases, unpack(done)) + call("ZREM", dead, unpack(done))
  call("HINCRBY", group_info, "done", gone)
  forget_work(work, done)
end

-- Choose the events to lease: those whose lease or pause is over, and those that nobody had yet. A score further
-- ahead than any can be was written before the clock was set back.
local chosen = {}
if taken then
  for known in string.gmatch(taken, "%S+") do
    chosen[#chosen + 1] = known
  end
elseif slots > 0 then
  local due = call("ZRANGEBYSCORE", leases, "-inf", now, "LIMIT", 0, slots)
  if #due == 0 then
    due = call("ZRANGEBYSCORE", leases, "(" .. now + longest_ms, "+inf", "LIMIT", 0, slots)
  end
  local waiting = call("LLEN", ready)
  local again = math.min(#due, slots - math.min(waiting, math.floor((slots + turn % 2) / 2)))
  local new = math.min(waiting, slots - again)
  chosen = new > 0 and call("RPOP", ready, new) or chosen
  for i = 1, again do
    chosen[#chosen + 1] = due[i]
  end
end
local keys = { work = work, leases = leases, workers = workers }
local events, leased, worn = lease(keys, chosen, worker, now + lease_ms, max_deliveries, taken)
for _, one in ipairs(worn) do
  doomed[#doomed + 1], problems[#problems + 1] = one, "the lease of its last delivery ran out"
end
if #leased > 0 then
  call("HSET", work, "@" .. worker, string.format("%d ", turn) .. table.concat(leased, " "))
end
if #doomed > 0 then
  call("ZREM", leases, unpack(doomed))
  bury(work, dead, group_info, now, doomed, problems)
end
note_worker(keys, worker, now, 3 * lease_ms, leaving)
local counts = (call("ZREVRANGE", workers, 0, 0, "WITHSCORES")[2] or now) - now -- so long a worker counts as alive
call("ZADD", groups, now + math.max(retention, math.min(counts, 3 * lease_ms)), group)
local first = call("ZRANGE", leases, 0, 0, "WITHSCORES")[2]
local next_ms = first and string.format("%.0f", math.max(0, first - now)) or ""
return { "ok", "there", call("LLEN", ready), next_ms, info[2] or "", lost, events }
