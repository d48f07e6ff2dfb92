--@include lib/time.lua
--@include lib/record.lua

-- open_visit: read the next tickets of a queue's batch, at most budget of them; nil if so few would not do.
-- stored is what an earlier call left in batches: "<tickets still to see> <tickets passed over>".
local function open_visit(waiting, stored, budget, size)
  local remaining, passed = string.match(stored or "", "^(%d+) (%d+)$")
  remaining, passed = tonumber(remaining), tonumber(passed) or 0
  local wanted = math.min(remaining or budget, budget)
  local ids = wanted > 0 and redis.call("LRANGE", waiting, 0, wanted - 1) or {}
  local length = #ids == wanted and redis.call("LLEN", waiting) or #ids
  remaining = math.min(remaining or length, length)
  -- Half of a full chunk may be leftovers: less than two matches' worth could leave a queue where it was.
  if #ids < math.min(remaining, 2 * size) then
    return nil
  end
  return { ids = ids, length = length, remaining = remaining - #ids, passed = passed, resumed = stored }
end

-- shut_visit: take from the lists what was matched, has expired or was a tombstone, and put each of the others in
-- its place; at most room of those passed over return. Sets visit.left, how many tickets the list holds, visit.more
-- if the batch is not done, and returns how much room is left.
local function shut_visit(visit, waiting, passed_over, room)
  local batch, kept = visit.batch, {}
  if visit.took < batch.n then
    for i = 1, batch.n do
      if not visit.taken[i] then
        kept[#kept + 1] = i
      end
    end
  end

  local seen = #visit.ids
  local again = #kept
  if visit.remaining > 0 then
    again = visit.paused and 0 or math.min(#kept, math.floor(seen / 2))
  end
  for k = 1, #kept - again do
    redis.call("RPUSH", passed_over, batch.ids[kept[k]])
  end
  visit.passed = visit.passed + #kept - again

  -- The newest of them mostly stand at the end of what was read, where they can stay.
  local k, cut = #kept, seen
  while k > #kept - again and batch.at[kept[k]] == cut do
    k, cut = k - 1, cut - 1
  end
  if cut > 0 then
    redis.call("LTRIM", waiting, cut, -1)
  end
  for back = k, #kept - again + 1, -1 do
    redis.call("LPUSH", waiting, batch.ids[kept[back]])
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
  visit.kept = kept
  visit.more = visit.remaining > 0 or visit.passed > 0
  return room
end

-- earliest_expiry: of those a visit kept, the first time one expires. A ticket from the future was queued before the
-- clock was set back: it gets its time to live anew, as an addition to outcomes.
local function earliest_expiry(visit, now, outcomes)
  local earliest = math.huge
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

-- next_visit: when a queue whose batch is done needs another look, nil if it holds nobody.
-- A queue that can't match sleeps until somebody in it expires (a newcomer wakes it); a batch that took several calls
-- may have newcomers behind it that were not looked at.
local function next_visit(visit, now, interval, size, phase, earliest)
  if visit.left == 0 then
    return nil
  elseif not visit.resumed and (visit.left < size or visit.paused) then
    return window_from(earliest, interval, phase)
  elseif interval == 0 then
    return now + 1000
  end
  return window_from(now + 1, interval, phase)
end
