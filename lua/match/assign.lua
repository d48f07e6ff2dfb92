-- assign: say where a match is played. WRITES. O(size). Safe to repeat: the same assignment again changes nothing.
-- WHEN FULL goes on
-- GUARDED
-- KEYS meta tickets events proposals sequels
-- ARGV match assignment (a line of JSON)
-- RETURN {"ok", now_ms, the match…} or {"config", stored}; the match as lib/proposal.lua appends it (nothing if it is
--   unknown). A match that was not made, or was released, stays as it is.

--@include lib/time.lua
--@include lib/sequel.lua

local k = { tickets = tickets, events = events, proposals = proposals, sequels = sequels }
local now = now_ms(call("TIME"))

local _, made = find_match(k, match)
local sequel = call("HGET", sequels, match)
if made and sequel ~= assignment and not successors_in(sequel) then
  call("HSET", sequels, match, assignment)
  add_sequel(events, now, "assigned", "", match, made, assignment)
end
local reply = { "ok", now }
add_match(k, match, reply)
return reply
