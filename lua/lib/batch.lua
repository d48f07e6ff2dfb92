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
-- asked for. Appends id, record of what has expired to expired. Left out and counted are tombstones: ids of cancelled
-- tickets, also where the id was used again and so is that of a ticket that stands elsewhere.
local function new_batch(queue, ids, records, first, last, now, seen, expired)
  local batch = { n = 0, ids = {}, records = {}, at = {}, tombstones = 0 }
  local live_ids, live_records, at = batch.ids, batch.records, batch.at
  local n, gone, mark = 0, #expired, queue .. "\t"
  for i = first, last do
    local id, record = ids[i], records[i]
    if seen[id] or not stands_in(record, mark) then
      batch.tombstones = batch.tombstones + 1
    else
      seen[id] = true
      if expires_at(record) <= now then
        expired[gone + 1], expired[gone + 2] = id, record
        gone = gone + 2
      else
        n = n + 1
        live_ids[n], live_records[n], at[n] = id, record, i - first + 1
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
