-- ticket: a ticket by its id, or the latest of a player. READS. O(bytes of one entry, at most about 64 KiB).
-- KEYS tickets players events proposals sequels
-- ARGV id ("": the player's) player
-- RETURN {now_ms} if there is none; {now_ms, id, record}; {now_ms, id, outcome, the fields of its place, the sequel of
--   its match ("": none)}; or, if it is proposed, {now_ms, id, value, the match…} as lib/proposal.lua appends it

--@include lib/time.lua
--@include lib/record.lua
--@include lib/proposal.lua

local now = now_ms(call("TIME"))
if id == "" then
  id = call("HGET", players, player)
end
local value = id and call("HGET", tickets, id)
if not value then
  return { now }
end
local entry, place = entry_of(value)
local reply = { now, id, value }
if entry then
  local fields = read_entry(events, entry)
  reply[4] = fields and place_of(fields, tonumber(place))
  reply[5] = is_matched(value) and call("HGET", sequels, fields and entry_match(fields) or entry .. "-" .. place) or ""
  return reply[4] and reply or { now }
end
local match = proposal_of(value)
if match then
  add_match({ tickets = tickets, events = events, proposals = proposals, sequels = sequels }, match, reply)
end
return reply
