--@include lib/record.lua

-- ticket_view: a waiting ticket as a policy sees it.
local function ticket_view(id, record, now)
  local player, rating, attributes = seen_by_policy(record)
  return {
    id = id,
    player = player,
    rating = tonumber(rating) or 0,
    attributes = attributes,
    waited_ms = math.max(0, now - enqueued_at(record)),
  }
end

-- new_batch: the live tickets among ids[first..last]: batch.n of them. A built-in policy gets the batch, a user's own
-- gets copies. Appends id, record of expired tickets to expired, and of tickets whose player is absent to gone.
-- Proposed tickets are left out. So are tombstones, which are counted: ids of cancelled tickets, and ids used again
-- elsewhere. batch.leaving has the places that leave the list whatever the policy says. The first carried of the ids
-- were read before and stand in the other list: one of them that has expired becomes a tombstone there.
local function new_batch(queue, ids, records, first, last, carried, now, seen, expired, absent, gone)
  local batch = { n = 0, now = now, ids = {}, records = {}, at = {}, tombstones = 0, leaving = {} }
  local live_ids, live_records, at, leaving = batch.ids, batch.records, batch.at, batch.leaving
  local n, mark = 0, queue .. "\t"
  for i = first, last do
    local id, record, place = ids[i], records[i], i - first + 1
    local expires = not seen[id] and expires_in_queue(record, mark)
    if expires and expires > now and not absent[id] then
      seen[id] = true
      n = n + 1
      live_ids[n], live_records[n], at[n] = id, record, place
    elseif expires then
      seen[id] = true
      local lines = absent[id] and gone or expired
      lines[#lines + 1], lines[#lines + 2] = id, record
      leaving[place] = true
      if place <= carried then
        batch.tombstones = batch.tombstones - 1
      end
    elseif not seen[id] and is_held(record, mark) then
      seen[id] = true
    else
      leaving[place] = true
      if place > carried then
        batch.tombstones = batch.tombstones + 1
      end
    end
  end
  batch.n = n
  return batch
end
