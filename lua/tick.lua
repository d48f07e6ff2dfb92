-- tick: match the batches of some queues. WRITES. O(limit). Safe to repeat: what is matched is in no list any more.
-- KEYS[1] meta  KEYS[2] tickets  KEYS[3] due  KEYS[4] events  KEYS[5] counters  KEYS[6] matched  KEYS[7] tombstones
-- KEYS[8] batches  KEYS[9] held  KEYS[10] proposals  KEYS[11] deadlines  KEYS[12] online  KEYS[13] nodes
-- KEYS[14..] two a queue: waiting, passed
-- ARGV[1] fingerprint  ARGV[2] interval_ms  ARGV[3] size  ARGV[4] limit  ARGV[5] ready_ms (0: no ready check)
-- ARGV[6..] three a queue: queue, phase_ms, fence (the score it must have; "" for a visit at any time)
-- RETURN {"ok", now_ms, considered, reports…} or {"config", stored}; only the first considered queues fitted in
--   a report is {number, matches, expired, left, more, complaint} of the number-th queue, where matches are proposed
--   if there is a ready check; one whose score is not its fence has none; a policy that fails gets a complaint and
--   matches nobody
--
-- The first visit of a window fixes the batch: as many tickets as the list holds. What of it is over the limit is
-- noted in batches and left to further calls, from any node; only when the batch is done the score moves. What a
-- policy leaves over before that is offered again with the tickets behind it (the newest, half a call's worth) or
-- passed over until the batch is done, when it returns to the head of the line.
--
-- With a ready check nobody is matched here: a proposal is opened, and its tickets keep their places, held, so that
-- those who are restored stand where they stood. A tick steps over them.
--
-- A ticket that lives only while its player is online is cancelled if the player is gone. While no node's lease runs
-- nobody knows who is there: a queue with such tickets is then visited again in its next window.

local call = redis.call
--@include lib/time.lua
--@include lib/entry.lua
--@include lib/batch.lua
--@include lib/grouping.lua
--@include lib/visit.lua
--@include lib/attendance.lua
--@include lib/proposal.lua
--@policy

local fingerprint, interval, size, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local ready = tonumber(ARGV[5])
local proposing, queues = ready > 0, (#KEYS - 13) / 2
if #ARGV ~= 5 + 3 * queues then
  return redis.error_reply("MATCHQ_BADARG tick: queues and arguments do not fit")
end
local meta = call("HMGET", KEYS[1], "config", "paused", "leases")
if meta[1] ~= fingerprint then
  return { "config", meta[1] or "" }
end
local time = call("TIME")
local now = now_ms(time)
math.randomseed(tonumber(time[2]))
local names = {}
for number = 1, queues do
  names[number] = ARGV[3 + 3 * number]
end
local scores = call("ZMSCORE", KEYS[3], unpack(names))
local batches = call("HMGET", KEYS[8], unpack(names))
local held = proposing and call("HMGET", KEYS[9], unpack(names)) or {}

-- Read what each queue brings, as far as the limit goes, and group it. Nothing is written before all is decided.
local visits, ids, considered = {}, {}, 0
for number = 1, queues do
  local fence = ARGV[5 + 3 * number]
  if fence == "" or fence == scores[number] then
    local visit = open_visit(KEYS[12 + 2 * number], batches[number], limit - #ids, size, limit)
    if not visit then
      break
    end
    visit.number, visit.first = number, #ids + 1
    for i = 1, #visit.ids do
      ids[#ids + 1] = visit.ids[i]
    end
    visit.last = #ids
    visits[#visits + 1] = visit
  end
  considered = number
end
local records = #ids > 0 and call("HMGET", KEYS[2], unpack(ids)) or {}
local numbers = meta[3] and tied(records) or {}
local blind = #numbers > 0 and tonumber(meta[3]) <= now
local absent = blind and {} or absentees(KEYS[12], KEYS[13], ids, records, numbers, now)
local matched, expired, gone, seen, phases = {}, {}, {}, {}, {}
for _, visit in ipairs(visits) do
  local name, matched_before, expired_before = names[visit.number], #matched, #expired
  visit.batch = new_batch(name, ids, records, visit.first, visit.last, visit.carried, now, seen, expired, absent, gone)
  visit.paused = meta[2] and call("HEXISTS", KEYS[1], "paused:" .. name) == 1
  visit.blind = blind and any_between(numbers, visit.first, visit.last)
  local idle = visit.paused or visit.blind
  visit.taken, visit.took, visit.complaint = group(idle and nobody or policy, visit.batch, size, matched)
  visit.matches = (#matched - matched_before) / 2 / size
  visit.expired = (#expired - expired_before) / 2
  phases[name] = ARGV[4 + 3 * visit.number]
end

local outcomes, reports, due, idle, room = {}, { "ok", now, considered }, {}, {}, limit
if proposing then
  local k = { events = KEYS[4], proposals = KEYS[10], deadlines = KEYS[11] }
  propose(k, now, ready, size, matched, phases, outcomes)
else
  finish(KEYS[4], now, "matched", size, "", matched, outcomes)
end
finish(KEYS[4], now, "expired", 1, "", expired, outcomes)
finish(KEYS[4], now, "cancelled", 1, "disconnected", gone, outcomes)
for _, visit in ipairs(visits) do
  local name, number = names[visit.number], visit.number
  room = shut_visit(visit, KEYS[12 + 2 * number], KEYS[13 + 2 * number], room, proposing)
  local earliest = earliest_expiry(visit, now, outcomes)
  local waiting = visit.left
  if proposing then
    waiting = waiting - (held[number] or 0) - visit.took
  end
  if visit.more then
    call("HSET", KEYS[8], name, visit.remaining .. " " .. visit.passed .. visit.carry)
  else
    if visit.resumed then
      call("HDEL", KEYS[8], name)
    end
    local score = next_visit(visit, waiting, now, interval, size, tonumber(phases[name]), earliest)
    if score then
      due[#due + 1], due[#due + 2] = score, name
    else
      idle[#idle + 1] = name
    end
  end
  if visit.matches > 0 then
    if proposing then
      call("HINCRBY", KEYS[9], name, visit.took)
    else
      call("ZINCRBY", KEYS[6], visit.matches, name)
    end
  end
  if visit.batch.tombstones ~= 0 then
    call("HINCRBY", KEYS[7], name, -visit.batch.tombstones)
  end
  local more = visit.more and 1 or 0
  reports[#reports + 1] = { number, visit.matches, visit.expired, math.max(0, waiting), more, visit.complaint }
end
if #outcomes > 0 then
  call("HSET", KEYS[2], unpack(outcomes))
end
if #due > 0 then
  call("ZADD", KEYS[3], unpack(due))
end
if #idle > 0 then
  call("ZREM", KEYS[3], unpack(idle))
  call("HDEL", KEYS[7], unpack(idle))
end
if #matched > 0 and proposing then
  call("HINCRBY", KEYS[5], "proposed", #matched / 2)
elseif #matched > 0 then
  call("HINCRBY", KEYS[5], "matched", #matched / 2)
  call("HINCRBY", KEYS[5], "matches", #matched / 2 / size)
end
if #expired > 0 then
  call("HINCRBY", KEYS[5], "expired", #expired / 2)
end
if #gone > 0 then
  call("HINCRBY", KEYS[5], "cancelled", #gone / 2)
end
return reports
