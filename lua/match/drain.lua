-- drain: cancel the waiting and the proposed tickets of a queue, oldest first. WRITES. O(limit). Safe to repeat.
-- WHEN FULL goes on
-- GUARDED
-- KEYS meta tickets due events counters tombstones batches held proposals deadlines waiting passed rank
-- ARGV queue reason #limit #until_ms (0: now; else as returned)
-- RETURN {"ok", until_ms, cancelled, more} or {"config", stored}; tickets enqueued after until_ms stay, and wait again
--   if they were proposed with one that does not

--@include lib/time.lua
--@include lib/record.lua
--@include lib/cancel_tickets.lua
--@include lib/proposal.lua

local k = {
  tickets = tickets, due = due, events = events, counters = counters, tombstones = tombstones, held = held,
  proposals = proposals, deadlines = deadlines,
}
local now, mark = now_ms(call("TIME")), queue .. "\t"
if until_ms == 0 then
  until_ms = now
end

-- Whether a record's ticket was there in time. One from the future was, and then the clock was set back.
local function in_time(record)
  local since = enqueued_at(record)
  return since <= until_ms or since > now
end

-- Tickets that a tick under way has passed stand in front of the others. A proposal takes all its tickets from the
-- limit.
local lines, cuts, seen, apart, opened = {}, {}, {}, {}, {}
local dead, budget, more = 0, limit, false
for _, list in ipairs({ passed, waiting }) do
  local ids = budget > 0 and call("LRANGE", list, 0, budget - 1) or {}
  local values = #ids > 0 and call("HMGET", tickets, unpack(ids)) or {}
  local taken = 0
  for i = 1, #ids do
    local record, match = values[i], nil
    if is_held(record, mark) then
      match, record = proposal_of(record)
    end
    if not seen[ids[i]] and expires_in_queue(record, mark) then
      if not in_time(record) then
        break
      end
      seen[ids[i]] = true
      if not match then
        lines[#lines + 1], lines[#lines + 2] = ids[i], record
      else
        dead = dead + 1
        if not opened[match] then
          opened[match] = open_proposal(call("HGET", proposals, match))
          apart[#apart + 1] = match
          budget = budget - #opened[match].ids
        end
      end
    else
      dead = dead + 1
    end
    taken = i
    if taken >= budget then
      break
    end
  end
  cuts[list] = taken
  more = more or taken >= budget
  budget = budget - taken
end

cancel_tickets(tickets, events, counters, now, reason, lines)
local cancelled = #lines / 2
for _, match in ipairs(apart) do
  local p = opened[match]
  local records, out = records_of(k, p), {}
  for i = 1, #p.ids do
    out[i] = in_time(records[i])
  end
  cancelled = cancelled + dissolve(k, now, match, p, records, out, reason)
end
for list, taken in pairs(cuts) do
  call("LTRIM", list, taken, -1)
end
if call("UNLINK", rank) == 1 then
  call("HSET", batches, queue, "r") -- the tickets that a tick by rules has passed return
end
local passing = call("LLEN", passed)
if passing == 0 then
  call("HDEL", batches, queue)
end
if passing + call("LLEN", waiting) == 0 then
  call("ZREM", due, queue)
  call("HDEL", tombstones, queue)
elseif dead > 0 then
  call("HINCRBY", tombstones, queue, -dead)
end
return { "ok", until_ms, cancelled, more and 1 or 0 }
