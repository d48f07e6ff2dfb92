-- answer: a player accepts or declines a proposed match. WRITES. O(size). Safe to repeat: an end is final.
-- WHEN FULL goes on
-- GUARDED
-- KEYS meta tickets due events counters matched tombstones held proposals deadlines met_one met_two sequels
-- ARGV match player answer ("accept" or "decline") reason (to decline)
-- RETURN {"ok", now_ms, the match…} or {"config", stored}; the match as lib/proposal.lua appends it, after the answer
--   (nothing if it is unknown). A match that the player is not in stays as it is.
--
-- When all have accepted, the match is made. When one declines, that ticket is cancelled and the others wait again,
-- with their place and their time of enqueueing. An answer after the deadline only settles the match.

--@include lib/time.lua
--@include lib/record.lua
--@include lib/proposal.lua

if answer ~= "accept" and answer ~= "decline" then
  return redis.error_reply("MATCHQ_BADARG match/answer: the answer is neither accept nor decline")
end
local k = {
  tickets = tickets, due = due, events = events, counters = counters, matched = matched, tombstones = tombstones,
  held = held, proposals = proposals, deadlines = deadlines, meta = meta, met_one = met_one, met_two = met_two,
  sequels = sequels,
}
local now = now_ms(call("TIME"))

local p = open_proposal(call("HGET", proposals, match))
local records, mine = p and records_of(k, p) or {}, {}
for i = 1, #records do
  mine[i] = player_of(records[i]) == player or nil
end
if next(mine) and p.deadline <= now then
  time_out(k, now, match, p)
elseif next(mine) and answer == "decline" then
  dissolve(k, now, match, p, records, mine, reason)
elseif next(mine) then
  local i = next(mine)
  p.accepted = string.sub(p.accepted, 1, i - 1) .. "1" .. string.sub(p.accepted, i + 1)
  if string.find(p.accepted, "0") then
    call("HSET", proposals, match, proposal_value(p))
  else
    make_match(k, now, match, p, records)
  end
end

local reply = { "ok", now }
add_match(k, match, reply)
return reply
