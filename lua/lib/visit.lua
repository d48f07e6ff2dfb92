--@include lib/time.lua
--@include lib/record.lua

-- open_visit: read the next tickets of a queue's batch, at most budget of them; nil if so few would not do, unless it
-- is all that a call may take, the limit.
-- stored is what an earlier call left in batches: "<tickets still to see> <tickets passed over>[ carried id]…".
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
  return { ids = ids, carried = carried, length = length, remaining = remaining, passed = passed, resumed = stored }
end

-- kept_by: the batch positions of whom a visit found waiting and leaves waiting.
local function kept_by(visit)
  local batch, kept = visit.batch, {}
  if visit.took < batch.n then
    for i = 1, batch.n do
      if not visit.taken[i] then
        kept[#kept + 1] = i
      end
    end
  end
  return kept
end

-- stay_after: which of the ids that a visit read stay in the queue's lists: who was kept and, where matches are
-- proposed first, who was proposed, now or before. Returns their places in what was read.
local function stay_after(visit, proposing)
  local batch, stay = visit.batch, {}
  if not proposing then
    for _, position in ipairs(visit.kept) do
      local place = batch.at[position] - visit.carried
      if place > 0 then
        stay[#stay + 1] = place
      end
    end
    return stay
  end
  for place = visit.carried + 1, #visit.ids do
    if not batch.gone[place] then
      stay[#stay + 1] = place - visit.carried
    end
  end
  return stay
end

-- carry: the newest of those whom a visit kept, to be offered again with the tickets behind them; they stand among
-- those passed over. As many as half a call takes.
local function carry(visit)
  local batch, kept, ids = visit.batch, visit.kept, {}
  for k = math.max(1, #kept - math.floor(#visit.ids / 2) + 1), #kept do
    ids[#ids + 1] = " " .. batch.ids[kept[k]]
  end
  return table.concat(ids)
end

-- shut_visit: take from the lists what was matched, has expired or was a tombstone, and put each of the others in
-- its place; at most room of those passed over return. Sets visit.left, how many ids the list holds, visit.more
-- if the batch is not done, and returns how much room is left.
--
-- Of those kept while the batch goes on, the newest are offered again: they go back to the head of the list or, where
-- proposed tickets may stand between them, which need not be read again, are carried.
local function shut_visit(visit, waiting, passed_over, room, proposing)
  visit.kept, visit.carry = kept_by(visit), ""
  local stay, first, seen = stay_after(visit, proposing), visit.carried, #visit.ids - visit.carried
  local again = #stay
  if visit.remaining > 0 then
    again = (proposing or visit.paused or visit.blind) and 0 or math.min(#stay, math.floor(seen / 2))
    if proposing and not visit.paused and not visit.blind then
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

  -- The newest of them mostly stand at the end of what was read, where they can stay.
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

-- far_ahead is 100 years, for a queue that nothing but a newcomer or an answer wakes.
local far_ahead = 3153600000000

-- earliest_expiry: of those a visit kept, the first time one expires. A ticket from the future was queued before the
-- clock was set back: it gets its time to live anew, as an addition to outcomes.
local function earliest_expiry(visit, now, outcomes)
  local earliest = now + far_ahead
  for _, i in ipairs(visit.kept) do
    local record = visit.batch.records[i]
    local expires = expires_at(record)
    if queued_at(record) > now then
      expires = now + ttl_of(body_of(record))
      outcomes[#outcomes + 1] = visit.batch.ids[i]
      outcomes[#outcomes + 1] = new_record(expires, body_of(record))
    end
    earliest = math.min(earliest, expires)
  end
  return earliest
end

-- next_visit: when a queue whose batch is done needs another look, nil if it holds nobody; waiting is how many ids of
-- its list are not held by a proposal.
-- A queue that can't match sleeps until somebody in it expires (a newcomer wakes it, and whoever is restored); a batch
-- that took several calls may have newcomers behind it that were not looked at.
local function next_visit(visit, waiting, now, interval, size, phase, earliest)
  if visit.left == 0 then
    return nil
  elseif waiting <= 0 or not visit.resumed and not visit.blind and (waiting < size or visit.paused) then
    return window_from(earliest, interval, phase)
  elseif interval == 0 then
    return now + 1000
  end
  return window_from(now + 1, interval, phase)
end
