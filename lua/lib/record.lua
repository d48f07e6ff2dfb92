-- What a record says, and an outcome; lib/value.lua has how they are stored.
--@include lib/value.lua

-- body_of: what a record says besides when it expires.
local function body_of(record)
  return string.sub(record, 15)
end

-- ttl_of: how long the ticket of a body may wait (ms).
local function ttl_of(body)
  return tonumber(string.match(body, "^[^\t]*\t(%d+)"))
end

-- queued_at: when a record's ticket was queued (ms).
local function queued_at(record)
  return expires_at(record) - ttl_of(body_of(record))
end

-- while_online: whether a record's ticket lives only while its player is online.
local function while_online(record)
  return string.find(record, "^%d+\t[^\t]*\t%d+!") ~= nil
end

-- owner: the player of a record.
local function owner(record)
  return string.match(record, "^%d+\t[^\t]*\t[^\t]*\t([^\t]*)")
end

-- queue_of: the queue of a record.
local function queue_of(record)
  return string.match(record, "^%d+\t([^\t]*)")
end

-- original_body: the body a record's ticket was queued with: what it has been through is left out.
local function original_body(record)
  return (string.gsub(body_of(record), "^([^\t]*\t%d+!?)%.%d+\t", "%1\t"))
end

-- restored: the record of a ticket that waits again.
local function restored(record)
  local head, times, tail = string.match(record, "^(%d+\t[^\t]*\t%d+!?)%.?(%d*)(\t.*)$")
  return head .. "." .. (tonumber(times) or 0) + 1 .. tail
end

-- waits_until: when the ticket of a value expires (ms) if it waits in a queue, else nil or false; mark is the queue and
-- a TAB. An id that is used again, for another queue, after its cancelled ticket was forgotten may still stand in its
-- list of before.
local function waits_until(value, mark)
  return value and string.sub(value, 15, 14 + #mark) == mark and expires_at(value)
end

-- proposal_of: the id of the match that a ticket is proposed for and the ticket's record; nil for other values.
local function proposal_of(value)
  return string.match(value, "^p\t([^\t]*)\t(.*)$")
end

-- held_in: whether a value is that of a ticket of a queue that is proposed: its id keeps its place in the list.
local function held_in(value, mark)
  if not value or string.byte(value) ~= 112 then -- p, which is faster than a pattern
    return false
  end
  local _, record = proposal_of(value)
  return record and waits_until(record, mark)
end

-- entry_of: the id of the entry an outcome names, nil for other values.
local function entry_of(value)
  return string.match(value, "^%a\t([^\t]*)%-%d+$")
end
