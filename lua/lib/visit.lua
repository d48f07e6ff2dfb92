--@include lib/time.lua
--@include lib/record.lua

-- The batches hash has a value for each queue whose batch takes several calls:
-- "<tickets still to see> <tickets passed over>[ carried id]…".

-- open_visit: read the next tickets of a queue's batch, at most budget of them. Returns nil if so few can't make a
-- match, unless the budget is the limit of a call. stored is the queue's value in batches.
local function open_visit(waiting, stored, budget, size, limit)
  local remaining, passed, rest = string.match(stored or "", "^(%d+) (%d+)(.*)$")
  remaining, passed = tonumber(remaining), tonumber(passed) or 0
  local ids = {}
  for id in string.gmatch(rest or "", "%S+") do
    ids[#ids + 1] = id
  end
  local half = math.floor(budget / 2)
  if #ids > half and budget < limit then
    return nil
  elseif #ids > half then -- they were left by a node with a higher limit
    ids = { unpack(ids, #ids - half + 1) }
  end
  local carried = #ids
  local wanted = math.min(remaining or budget, budget - carried)
  local read = wanted > 0 and redis.call("LRANGE", waiting, 0, wanted - 1) or {}
  local length = #read == wanted and redis.call("LLEN", waiting) or #read
  remaining = math.min(remaining or length, length)
  -- Half of a full chunk may be leftovers: less than two matches' worth could leave a queue where it was.
  if carried + #read < math.min(carried + remaining, 2 * size) then
    return nil
  end
  remaining = remaining - #read
  if carried == 0 then
    ids = read
  else
    for i = 1, #read do
      ids[carried + i] = read[i]
    end
  end
  return {
    ids = ids, n = carried + #read, carried = carried,
    length = length, remaining = remaining, passed = passed, resumed = stored,
  }
end

-- batch_value: the state of a visit for the next call, as open_visit reads it.
local function batch_value(visit)
  return visit.remaining .. " " .. visit.passed .. visit.carry
end

-- kept_by: the batch positions that a visit leaves waiting.
local function kept_by(visit)
  local taken, kept, n = visit.taken, {}, 0
  local in_line = type(taken) == "number" -- the oldest
  for i = in_line and taken + 1 or 1, visit.took < visit.batch.n and visit.batch.n or 0 do
    if in_line or not taken[i] then
      n = n + 1
      kept[n] = i
    end
  end
  return kept
end

-- leave_matched: let the tickets that a visit matched leave a list in which proposed tickets stand too.
local function leave_matched(visit)
  local batch, taken = visit.batch, visit.taken
  for position = 1, batch.n do
    if type(taken) == "number" and position <= taken or type(taken) == "table" and taken[position] then
      local place = batch.at[position] or position
      if place > visit.carried then
        batch.leaving[place] = true
      else
        batch.tombstones = batch.tombstones - 1
      end
    end
  end
end

-- stay_after: the places, among the ids read, of those that stay in the queue's lists: kept tickets and proposed ones.
local function stay_after(visit)
  local batch, stay = visit.batch, {}
  if not visit.holds then
    for _, position in ipairs(visit.kept) do
      stay[#stay + 1] = (batch.at[position] or position) - visit.carried
    end
    return stay
  end
  for place = visit.carried + 1, visit.n do
    if not batch.leaving[place] then
      stay[#stay + 1] = place - visit.carried
    end
  end
  return stay
end

-- carry: the newest tickets that a visit kept, to be offered again with the tickets behind them: half a call's worth.
-- They stand in the list of passed tickets.
local function carry(visit)
  local batch, kept, ids = visit.batch, visit.kept, {}
  for k = math.max(1, #kept - math.floor(visit.n / 2) + 1), #kept do
    ids[#ids + 1] = " " .. batch.ids[kept[k]]
  end
  return table.concat(ids)
end

-- close_visit: take matched and expired tickets and tombstones from the lists, and put the others in their places; at
-- most room of the passed ones return. Sets visit.left (how many ids the list holds) and visit.more (the batch is not
-- done). Returns how much room is left. visit.value is the state for the next call if that is not batch_value's.
--
-- While the batch goes on, the newest kept tickets are offered again: they go back to the head of the list or, if
-- proposed tickets may stand between them, are carried, and need not be read again.
local function close_visit(visit, waiting, passed_over, room)
  visit.kept, visit.carry = kept_by(visit), ""
  local stay, first, seen = stay_after(visit), visit.carried, visit.n - visit.carried
  local again = #stay
  if visit.remaining > 0 then
    again = (visit.holds or visit.paused or visit.blind) and 0 or math.min(#stay, math.floor(seen / 2))
    if visit.holds and not visit.paused and not visit.blind then
      visit.carry = carry(visit)
    end
  end
  local leaving = {}
  for k = 1, #stay - again do
    leaving[k] = visit.ids[first + stay[k]]
  end
  if #leaving > 0 then
    redis.call("RPUSH", passed_over, unpack(leaving))
  end
  visit.passed = visit.passed + #leaving

  -- The newest of them are mostly the last ids read, and can stay where they are.
  local k, cut = #stay, seen
  while k > #stay - again and stay[k] == cut do
    k, cut = k - 1, cut - 1
  end
  if cut > 0 then
    redis.call("LTRIM", waiting, cut, -1)
  end
  local back = {}
  for at = k, #stay - again + 1, -1 do
    back[#back + 1] = visit.ids[first + stay[at]]
  end
  if #back > 0 then
    redis.call("LPUSH", waiting, unpack(back))
  end
  visit.left = visit.length - seen + again

  if visit.remaining > 0 then
    visit.remaining = visit.remaining + again
  elseif visit.passed > 0 and (visit.holds or visit.buried) then
    visit.value = "r" -- some of them may have ended since they were passed: see lib/ranked.lua
  elseif visit.passed > 0 and room > 0 then
    local returning = redis.call("RPOP", passed_over, room) or {}
    if #returning > 0 then
      redis.call("LPUSH", waiting, unpack(returning))
    end
    visit.left = visit.left + #returning
    visit.passed = #returning == room and visit.passed - room or 0
    room = room - #returning
  end
  visit.more = visit.remaining > 0 or visit.passed > 0
  return room
end

-- far_ahead is 100 years: only a newcomer or an answer wakes the queue.
local far_ahead = 3153600000000

-- earliest_expiry: the first time at which a kept ticket expires. A ticket from the future was enqueued before the
-- clock was set back: it gets its time to live anew, by an addition to outcomes.
local function earliest_expiry(visit, now, outcomes)
  local earliest = now + far_ahead
  for _, i in ipairs(visit.kept) do
    local record = visit.batch.records[i]
    local expires = expires_at(record)
    if enqueued_at(record) > now then
      expires = now + ttl_of(body_of(record))
      outcomes[#outcomes + 1] = visit.batch.ids[i]
      outcomes[#outcomes + 1] = new_record(expires, body_of(record))
    end
    earliest = math.min(earliest, expires)
  end
  return earliest
end

-- next_visit: when a queue whose batch is done is visited next; nil if it is empty. waiting is how many ids of its list
-- no proposal holds.
-- A queue that can't match sleeps until a ticket expires; a newcomer or a restored ticket wakes it. meeting is when its
-- rules may first permit two of the tickets to meet, if that is known. A batch that took several calls may have
-- newcomers behind it that no call looked at.
local function next_visit(visit, waiting, now, interval, size, phase, earliest, meeting)
  if visit.left == 0 then
    return nil
  elseif waiting <= 0 or not visit.resumed and not visit.blind and (waiting < size or visit.paused) then
    return window_from(earliest, interval, phase)
  elseif meeting then
    return window_from(math.max(now + 1, math.min(earliest, meeting)), interval, phase)
  elseif interval == 0 then
    return now + 1000
  end
  return window_from(now + 1, interval, phase)
end
