--@include lib/record.lua
--@include lib/attributes.lua

-- ticket_views: the waiting tickets of a batch as a policy of a user's own sees them. Attributes are decoded when the
-- policy first reads them.
local function ticket_views(batch)
  local texts, views, decoding = {}, {}, {}
  function decoding.__index(ticket, name)
    if name ~= "attributes" then
      return nil
    end
    local attributes = decode_attributes(texts[ticket]) or {}
    ticket.attributes = attributes
    return attributes
  end
  for i = 1, batch.n do
    local record = batch.records[i]
    local since, player, rating, at = read_ticket(record)
    local view = {
      position = i, id = batch.ids[i], player = player, rating = tonumber(rating),
      waited_ms = math.max(0, batch.now - since),
    }
    texts[view] = attributes_in(record, at)
    views[i] = setmetatable(view, decoding)
  end
  return views
end

-- new_batch: the live tickets among ids[first..last]: batch.n of them. A built-in policy gets the batch, a user's own
-- gets copies. Appends id, record of expired tickets to expired, and of tickets whose player is absent to gone.
-- Proposed tickets are left out. So are tombstones, which are counted: ids of cancelled tickets, and ids used again
-- elsewhere. batch.leaving has the places that leave the list in any case, batch.at the place of a ticket
-- where that is not its position. The first carried of the ids were read before and stand in the other list: one of
-- them that has expired becomes a tombstone there. seen has the ids found so far; nil if no id of the queue is a
-- tombstone, so that none stands there twice and all are of the queue.
local function new_batch(queue, ids, records, first, last, carried, now, seen, expired, absent, gone)
  local batch = { n = 0, now = now, ids = {}, records = {}, at = {}, tombstones = 0, leaving = {} }
  local live_ids, live_records, at, leaving = batch.ids, batch.records, batch.at, batch.leaving
  local n, before, mark = 0, first - 1, queue .. "\t"
  for i = first, last do
    local id, record = ids[i], records[i]
    local again = seen and seen[id]
    local expires = not again and record and expires_at(record)
    if seen and expires and not is_in_queue(record, mark) then
      expires = nil
    end
    local held = not expires and not again and is_held(record, mark)
    if seen and (expires or held) then
      seen[id] = true
    end
    if expires and expires > now and not absent[id] then
      n = n + 1
      live_ids[n], live_records[n] = id, record
      if i - before ~= n then
        at[n] = i - before
      end
    elseif expires then
      local lines = absent[id] and gone or expired
      lines[#lines + 1], lines[#lines + 2] = id, record
      leaving[i - before] = true
      if i - before <= carried then
        batch.tombstones = batch.tombstones - 1
      end
    elseif not held then
      leaving[i - before] = true
      if i - before > carried then
        batch.tombstones = batch.tombstones + 1
      end
    end
  end
  batch.n = n
  return batch
end
