-- settle: end the proposals whose deadline is over. WRITES. O(limit). Safe to repeat: what is settled is not open.
-- KEYS[1] meta  KEYS[2] tickets  KEYS[3] due  KEYS[4] events  KEYS[5] counters  KEYS[6] tombstones  KEYS[7] held
-- KEYS[8] proposals  KEYS[9] deadlines
-- ARGV[1] fingerprint  ARGV[2] interval_ms  ARGV[3] ready_ms  ARGV[4] most proposals
-- RETURN {"ok", settled, more} or {"config", stored}
--
-- Who has accepted waits again, where and since when they did; who has not is cancelled. A deadline that lies further
-- ahead than players have time was set before the clock was set back: it is set anew.

local call = redis.call
--@include lib/time.lua
--@include lib/proposal.lua

local fingerprint, interval, ready, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local stored = call("HGET", KEYS[1], "config")
if stored ~= fingerprint then
  return { "config", stored or "" }
end
local k = {
  tickets = KEYS[2], due = KEYS[3], events = KEYS[4], counters = KEYS[5], tombstones = KEYS[6], held = KEYS[7],
  proposals = KEYS[8], deadlines = KEYS[9],
}
local now = now_ms(call("TIME"))
local latest = now + ready

local over = call("ZRANGEBYSCORE", k.deadlines, "-inf", now, "LIMIT", 0, most)
for _, match in ipairs(over) do
  time_over(k, interval, now, match, open_proposal(call("HGET", k.proposals, match)))
end
local ahead = #over < most and call("ZRANGEBYSCORE", k.deadlines, "(" .. latest, "+inf", "LIMIT", 0, most - #over) or {}
for _, match in ipairs(ahead) do
  local p = open_proposal(call("HGET", k.proposals, match))
  p.deadline = latest
  call("HSET", k.proposals, match, written(p))
  call("ZADD", k.deadlines, latest, match)
end
return { "ok", #over, #over + #ahead == most and 1 or 0 }
