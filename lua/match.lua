-- match: what is known of a match, proposed or not. READS. O(size of two entries).
-- KEYS[1] tickets  KEYS[2] events  KEYS[3] proposals
-- ARGV[1] match id
-- RETURN {now_ms, the match…} as lib/proposal.lua has it; {now_ms} if there is none

local call = redis.call
--@include lib/time.lua
--@include lib/proposal.lua

local reply = { now_ms(call("TIME")) }
add_match({ tickets = KEYS[1], events = KEYS[2], proposals = KEYS[3] }, ARGV[1], reply)
return reply
