-- A ticket is stored as its record while it waits or is proposed, as its outcome afterwards:
--   record   <expires, 13 digits> TAB <body>, where a body is
--            queue TAB ttl_ms[!][.<times restored>] TAB player TAB rating TAB reply_to TAB attributes
--            (! if the ticket lives only while its player is online)
--   proposed p TAB <match id> TAB <record>
--   outcome  <letter> TAB <id of the entry that says how it ended>-<place in it>; m matched, c cancelled, e expired
-- A ticket was queued ttl_ms before it expires; 100 years are as good as for ever.

-- expires_at: when a record's ticket expires (ms), nil for all else.
local function expires_at(value)
  return tonumber(string.sub(value, 1, 13))
end

-- new_record: the record of a body whose ticket expires at some time. %d takes 64 bits on a Redis that was built for as
-- many, and less time than %.0f.
local function new_record(expires, body)
  return string.format("%d\t", expires) .. body
end

-- lives: whether a value is that of a ticket that waits or is proposed.
local function lives(value)
  return expires_at(value) or string.byte(value) == 112 -- p
end
