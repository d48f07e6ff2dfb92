-- ticket: what is known of a ticket, by its id or as the latest of a player. READS. O(size of one entry).
-- KEYS[1] tickets  KEYS[2] players  KEYS[3] events  KEYS[4] proposals
-- ARGV[1] id ("": the player's)  ARGV[2] player
-- RETURN {now_ms} if there is none, else {now_ms, id, record}, {now_ms, id, outcome, entry fields} or, if it is
--   proposed, {now_ms, id, its value, the match…} as lib/proposal.lua has it

local call = redis.call
--@include lib/time.lua
--@include lib/record.lua
--@include lib/proposal.lua

local id, player = ARGV[1], ARGV[2]
local now = now_ms(call("TIME"))
if id == "" then
  id = call("HGET", KEYS[2], player)
end
local value = id and call("HGET", KEYS[1], id)
if not value then
  return { now }
end
local entry, reply = entry_of(value), { now, id, value }
if entry then
  local found = call("XRANGE", KEYS[3], entry, entry)
  if not found[1] then
    return { now }
  end
  reply[4] = found[1][2]
  return reply
end
local match = proposal_of(value)
if match then
  add_match({ tickets = KEYS[1], events = KEYS[3], proposals = KEYS[4] }, match, reply)
end
return reply
