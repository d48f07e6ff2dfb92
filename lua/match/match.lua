-- match: a match, proposed or not. READS. O(bytes of two entries).
-- KEYS tickets events proposals sequels
-- ARGV match
-- RETURN {now_ms, the match…} as lib/proposal.lua appends it; {now_ms} if it is unknown

--@include lib/time.lua
--@include lib/proposal.lua

local reply = { now_ms(call("TIME")) }
add_match({ tickets = tickets, events = events, proposals = proposals, sequels = sequels }, match, reply)
return reply
