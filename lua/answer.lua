-- answer: a player accepts or declines a proposed match. WRITES. O(size). Safe to repeat: an end is final.
-- KEYS[1] meta  KEYS[2] tickets  KEYS[3] due  KEYS[4] events  KEYS[5] counters  KEYS[6] matched  KEYS[7] tombstones
-- KEYS[8] held  KEYS[9] proposals  KEYS[10] deadlines
-- ARGV[1] fingerprint  ARGV[2] interval_ms  ARGV[3] match id  ARGV[4] player  ARGV[5] "accept" or "decline"
-- ARGV[6] reason to decline
-- RETURN {"ok", now_ms, the match…} or {"config", stored}; the match as it is now, as lib/proposal.lua has it: nothing
--   if there is none. One that is not the player's is left as it is.
--
-- When all have accepted the match is made. When one declines they are cancelled and the others wait again, where and
-- since when they did. An answer that comes too late settles the match as if it had not come.

local call = redis.call
--@include lib/time.lua
--@include lib/record.lua
--@include lib/proposal.lua

local fingerprint, interval, match, player = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local answer, reason = ARGV[5], ARGV[6]
if answer ~= "accept" and answer ~= "decline" then
  return redis.error_reply("MATCHQ_BADARG answer: it is neither accept nor decline")
end
local stored = call("HGET", KEYS[1], "config")
if stored ~= fingerprint then
  return { "config", stored or "" }
end
local k = {
  tickets = KEYS[2], due = KEYS[3], events = KEYS[4], counters = KEYS[5], matched = KEYS[6], tombstones = KEYS[7],
  held = KEYS[8], proposals = KEYS[9], deadlines = KEYS[10],
}
local now = now_ms(call("TIME"))

local p = open_proposal(call("HGET", k.proposals, match))
local records, mine = p and records_of(k, p) or {}, {}
for i = 1, #records do
  mine[i] = owner(records[i]) == player or nil
end
if next(mine) and p.deadline <= now then
  time_over(k, interval, now, match, p)
elseif next(mine) and answer == "decline" then
  fall_apart(k, interval, now, match, p, records, mine, reason)
elseif next(mine) then
  local i = next(mine)
  p.accepted = string.sub(p.accepted, 1, i - 1) .. "1" .. string.sub(p.accepted, i + 1)
  if string.find(p.accepted, "0") then
    call("HSET", k.proposals, match, written(p))
  else
    conclude(k, interval, now, match, p, records)
  end
end

local reply = { "ok", now }
add_match(k, match, reply)
return reply
