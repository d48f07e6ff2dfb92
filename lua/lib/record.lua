-- A ticket is stored as its record while it waits, as its outcome afterwards:
--   record   <expires, 13 digits> TAB <body>, where a body is
--            queue TAB ttl_ms TAB player TAB rating TAB reply_to TAB attributes
--            with a ! after ttl_ms if the ticket lives only while its player is online
--   outcome  <letter> TAB <id of the entry that says how it ended>-<place in it>; m matched, c cancelled, e expired
-- A ticket was queued ttl_ms before it expires; 100 years are as good as for ever.

-- expires_at: when a record's ticket expires (ms), nil for an outcome.
local function expires_at(value)
  return tonumber(string.sub(value, 1, 13))
end

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

-- new_record: the record of a body whose ticket expires at some time.
local function new_record(expires, body)
  return string.format("%.0f\t", expires) .. body
end

-- owner: the player of a record.
local function owner(record)
  return string.match(record, "^%d+\t[^\t]*\t[^\t]*\t([^\t]*)")
end

-- stands_in: whether a value is the record of a ticket that waits in a queue; mark is the queue and a TAB. An id that
-- is used again, for another queue, after its cancelled ticket was forgotten may still stand in its list of before.
local function stands_in(value, mark)
  return value and string.sub(value, 15, 14 + #mark) == mark
end

-- entry_of: the id of the entry an outcome names, nil for a record.
local function entry_of(value)
  return string.match(value, "^%a\t(.*)%-%d+$")
end
