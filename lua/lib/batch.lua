--@include lib/record.lua

-- ticket_view: what a policy sees of a waiting ticket.
local function ticket_view(id, record, now)
  local player, rating, attributes =
    string.match(record, "^%d+\t[^\t]*\t[^\t]*\t([^\t]*)\t([^\t]*)\t[^\t]*\t(.*)$")
  return {
    id = id,
    player = player,
    rating = tonumber(rating) or 0,
    attributes = attributes,
    waited_ms = math.max(0, now - queued_at(record)),
  }
end

-- new_batch: the live tickets among ids[first..last], as a policy gets them: batch.n of them, batch[i] made when
-- asked for. Appends id, record of what has expired to expired, and of those in the set absent to gone. Left out are
-- also proposed tickets, and tombstones, which
-- are counted: ids of cancelled tickets, also where the id was used again and so is that of a ticket that stands
-- elsewhere. batch.gone has the places of what leaves the list whatever the policy says. The first carried of the ids
-- were read before and stand elsewhere: one of them that has expired becomes a tombstone there.
local function new_batch(queue, ids, records, first, last, carried, now, seen, expired, absent, gone)
  local batch = { n = 0, ids = {}, records = {}, at = {}, tombstones = 0, gone = {} }
  local live_ids, live_records, at, leaving = batch.ids, batch.records, batch.at, batch.gone
  local n, mark = 0, queue .. "\t"
  for i = first, last do
    local id, record, place = ids[i], records[i], i - first + 1
    local expires = not seen[id] and waits_until(record, mark)
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
    elseif not seen[id] and held_in(record, mark) then
      seen[id] = true
    else
      leaving[place] = true
      if place > carried then
        batch.tombstones = batch.tombstones + 1
      end
    end
  end
  batch.n = n
  return setmetatable(batch, {
    __index = function(self, i)
      if type(i) ~= "number" or not self.ids[i] then
        return nil
      end
      local view = ticket_view(self.ids[i], self.records[i], now)
      rawset(self, i, view)
      return view
    end,
  })
end
