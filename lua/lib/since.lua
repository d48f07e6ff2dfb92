--@include lib/record.lua

-- The time to live of a ticket that never expires, and how long a player may have waited before a request (ms).
local never_ms, max_before_ms = 3153600000000, 86400000

-- aged_record: the record of a body whose ticket waits since a time that has passed, and may wait for ttl from now on.
local function aged_record(now, since, ttl, body)
  if ttl >= never_ms then
    return new_record(since + ttl, body)
  end
  local queue, online, rest = string.match(body, "^([^\t]*)\t%d+(!?)%.?%d*(\t.*)$")
  local own = since < now and string.format("\tt%d", ttl) or ""
  return new_record(now + ttl, queue .. string.format("\t%d", ttl + now - since) .. online .. rest .. own)
end

-- moved_record: the record of a request that says, in a part w<ms> at the end of its body, since when its player waits;
-- nil if it does not. A time to come counts as now, and one of long ago as a day ago.
local function moved_record(now, ttl, body)
  local own, since = string.match(body, "^(.*)\tw(%d+)$")
  if not own then
    return nil
  end
  return aged_record(now, math.min(now, math.max(tonumber(since), now - max_before_ms)), ttl, own)
end

-- again_record: the record of the ticket that succeeds another one, with the player's latest opponents ("": none).
local function again_record(now, record, id, opponents)
  local body, more = string.match(record, "^%d+\t([^\t]*\t[^\t]*\t[^\t]*\t[^\t]*\t[^\t]*\t[^\t]*)(.*)$")
  local own = string.match(more, "\tt(%d+)")
  local ttl = own and tonumber(own) or ttl_of(body)
  local kept = string.gsub(more, "\t[prt][^\t]*", "") .. "\tp" .. id
  return aged_record(now, math.min(now, enqueued_at(record)), ttl, body) .. kept
    .. (opponents ~= "" and "\tr" .. opponents or "")
end
