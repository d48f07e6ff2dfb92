-- drain: cancel who waits or is proposed in a queue, oldest first. WRITES. O(limit). Safe to repeat.
-- KEYS[1] meta  KEYS[2] tickets  KEYS[3] due  KEYS[4] events  KEYS[5] counters  KEYS[6] tombstones  KEYS[7] batches
-- KEYS[8] held  KEYS[9] proposals  KEYS[10] deadlines  KEYS[11] waiting  KEYS[12] passed
-- ARGV[1] fingerprint  ARGV[2] queue  ARGV[3] reason  ARGV[4] limit  ARGV[5] until_ms (0: now; else as returned)
-- ARGV[6] interval_ms
-- RETURN {"ok", until_ms, cancelled, more} or {"config", stored}; tickets queued after until_ms are left alone, and
--   wait again if they were proposed with one that is not

local call = redis.call
--@include lib/time.lua
--@include lib/record.lua
--@include lib/give_up.lua
--@include lib/proposal.lua

local fingerprint, queue, reason = ARGV[1], ARGV[2], ARGV[3]
local limit, until_ms, interval = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local stored = call("HGET", KEYS[1], "config")
if stored ~= fingerprint then
  return { "config", stored or "" }
end
local k = {
  tickets = KEYS[2], due = KEYS[3], events = KEYS[4], counters = KEYS[5], tombstones = KEYS[6], held = KEYS[8],
  proposals = KEYS[9], deadlines = KEYS[10],
}
local now = now_ms(call("TIME"))
if until_ms == 0 then
  until_ms = now
end

-- Whether a record's ticket was there in time. One from the future was, and then the clock was set back.
local function in_time(record)
  local since = queued_at(record)
  return since <= until_ms or since > now
end

-- Those a tick under way has passed over stand in front of the others. A proposal takes all its tickets from the limit.
local lines, cuts, seen, apart, opened = {}, {}, {}, {}, {}
local tombstones, budget, more = 0, limit, false
for _, list in ipairs({ KEYS[12], KEYS[11] }) do
  local ids = budget > 0 and call("LRANGE", list, 0, budget - 1) or {}
  local values = #ids > 0 and call("HMGET", k.tickets, unpack(ids)) or {}
  local taken = 0
  for i = 1, #ids do
    local value, match = values[i], nil
    if held_in(value, queue .. "\t") then
      match, value = proposal_of(value)
    end
    if not seen[ids[i]] and waits_until(value, queue .. "\t") then
      if not in_time(value) then
        break
      end
      seen[ids[i]] = true
      if not match then
        lines[#lines + 1], lines[#lines + 2] = ids[i], value
      else
        tombstones = tombstones + 1
        if not opened[match] then
          opened[match] = open_proposal(call("HGET", k.proposals, match))
          apart[#apart + 1] = match
          budget = budget - #opened[match].ids
        end
      end
    else
      tombstones = tombstones + 1
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

give_up(k.tickets, k.events, k.counters, now, reason, lines)
local cancelled = #lines / 2
for _, match in ipairs(apart) do
  local p = opened[match]
  local records, out = records_of(k, p), {}
  for i = 1, #p.ids do
    out[i] = in_time(records[i])
  end
  cancelled = cancelled + fall_apart(k, interval, now, match, p, records, out, reason)
end
for list, taken in pairs(cuts) do
  call("LTRIM", list, taken, -1)
end
local passed = call("LLEN", KEYS[12])
if passed == 0 then
  call("HDEL", KEYS[7], queue)
end
if passed + call("LLEN", KEYS[11]) == 0 then
  call("ZREM", k.due, queue)
  call("HDEL", k.tombstones, queue)
elseif tombstones > 0 then
  call("HINCRBY", k.tombstones, queue, -tombstones)
end
return { "ok", until_ms, cancelled, more and 1 or 0 }
