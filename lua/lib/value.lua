-- The tickets hash has a value for each ticket id:
--   waiting   <record>
--   proposed  p TAB <match id> TAB <record>
--   ended     <outcome>
-- A record is <expires_ms, 13 digits> TAB <body>[TAB <more>]…; a body is
--   queue TAB ttl_ms[!][.<times restored>] TAB player TAB rating TAB reply_to TAB attributes
-- where ! marks a ticket that lives only while its player is online, and the rating is empty if there is none. A ticket
-- was enqueued ttl_ms before it expires; a ticket that never expires has a ttl_ms of 100 years. More is a letter and a
-- value; readers step over letters that they don't know:
--   r<player>[US <player>]…   the player's latest opponents when the ticket was enqueued, the last one first
--   t<ms>                     its own time to live, where ttl_ms also contains its player's earlier wait
--   p<ticket id>              the ticket that it succeeds, whose match was released
-- An outcome is <m matched, c cancelled, e expired> TAB <id of the entry in events>-<place in it>.

-- expires_at: when a record's ticket expires (ms); nil for a value that is no record.
local function expires_at(value)
  return tonumber(string.sub(value, 1, 13))
end

-- new_record: the record of a body whose ticket expires at a time. %d is faster than %.0f, and has 64 bits here.
local function new_record(expires, body)
  return string.format("%d\t", expires) .. body
end

-- is_proposed: whether a value is that of a proposed ticket. Comparing a byte (p) is faster than a pattern.
local function is_proposed(value)
  return string.byte(value) == 112
end

-- is_live: whether a value is that of a waiting or a proposed ticket.
local function is_live(value)
  return expires_at(value) or is_proposed(value)
end
