-- tick: match the batches of some queues. WRITES. O(limit). Safe to repeat: a matched ticket is in no list any more.
-- WHEN FULL goes on
-- GUARDED paused leases blind_span
-- KEYS meta tickets due events counters matched tombstones batches held proposals deadlines online nodes fallbacks
-- KEYS for each row: waiting passed
-- ARGV #interval_ms #size #limit #ready_ms (0: no ready check)
-- ARGV for each row: queue phase_ms fence (the score that the queue must have; "" for a visit at any time)
-- RETURN {"ok", now_ms, considered, reports…} or {"config", stored}; only the first considered rows fitted in. A report
--   is {row, matches, expired, left, more, fallback, error}; matches are proposed if there is a ready check. A queue
--   whose score is not its fence has no report. error is that of a policy that failed in this visit. fallback says
--   whether the queue is matched without its policy, because that failed: 0 no, 1 yes, 2 from now on, 3 no longer.
--
-- The first visit of a window fixes the batch: as many tickets as the list holds. Tickets over the limit are noted in
-- batches and left to further calls, from any node; the score moves when the batch is done. Until then the tickets that
-- a policy leaves over are offered again with the tickets behind them (the newest, half a call's worth) or passed: they
-- return to the head of the line when the batch is done.
--
-- With a ready check, matches are proposed: the tickets keep their places, held, so that a restored ticket is where it
-- was. A tick steps over held tickets.
--
-- A ticket that lives only while its player is online is cancelled if the player is gone. While no node's lease runs
-- nobody knows who is online: a queue with such tickets is then visited again in its next window. While blind_span
-- lasts the nodes are announcing their players, and such tickets are matched like others.

--@include lib/time.lua
--@include lib/entry.lua
--@include lib/batch.lua
--@include lib/fallback.lua
--@include lib/visit.lua
--@include lib/attendance.lua
--@include lib/blind.lua
--@include lib/proposal.lua
--@policy

local max_spent = 10000 -- steps of a user's policies, after which a call takes no more queues
local proposing = ready_ms > 0
local time = call("TIME")
local now = now_ms(time)
math.randomseed(tonumber(time[2]))
local names = {}
for row = 1, rows do
  names[row] = queue[row]
end
local scores = call("ZMSCORE", due, unpack(names))
local under_way = call("HMGET", batches, unpack(names))
local buried = call("EXISTS", tombstones) == 1 and call("HMGET", tombstones, unpack(names)) or {}
local holding = proposing and call("HMGET", held, unpack(names)) or {}

-- Read each queue's tickets, as far as the limit goes, and group them. Nothing is written before all is decided.
local visits, ids, considered, n = {}, {}, 0, 0
for row = 1, rows do
  if fence[row] == "" or fence[row] == scores[row] then
    local visit = open_visit(waiting[row], under_way[row], limit - n, size, limit)
    if not visit then
      break
    end
    visit.row, visit.first, visit.last = row, n + 1, n + visit.n
    if n == 0 then
      ids = visit.ids
    else
      for i = 1, visit.n do
        ids[n + i] = visit.ids[i]
      end
    end
    n = visit.last
    visits[#visits + 1] = visit
  end
  considered = row
end
local records = n > 0 and call("HMGET", tickets, unpack(ids)) or {}
local positions = leases and tied(records) or {}
local blind = #positions > 0 and tonumber(leases) <= now
local unsure = blind or blind_until(blind_span, now)
local absent = unsure and {} or absentees(online, nodes, ids, records, positions, now)
local grouped, expired, gone, seen, phases = {}, {}, {}, {}, {}
local fallen = guest and fallen_back(fallbacks, guest.version, names, now)
for nth, visit in ipairs(visits) do
  local name, grouped_before, expired_before = names[visit.row], #grouped, #expired
  local found = (visit.resumed or (buried[visit.row] or "0") ~= "0") and seen or nil
  visit.batch = new_batch(name, ids, records, visit.first, visit.last, visit.carried, now, found, expired, absent, gone)
  visit.paused = paused and call("HEXISTS", meta, "paused:" .. name) == 1
  visit.blind = blind and any_between(positions, visit.first, visit.last)
  if visit.paused or visit.blind then
    visit.taken, visit.took = group(nobody, visit.batch, size, grouped)
  elseif guest then
    group_visit(policy, visit, fallen[visit.row], now, size, grouped)
  else
    visit.taken, visit.took = group(policy, visit.batch, size, grouped)
  end
  visit.matches = (#grouped - grouped_before) / 2 / size
  visit.expired = (#expired - expired_before) / 2
  phases[name] = phase_ms[visit.row]
  if guest and guest.spent > max_spent then -- the other queues are left to another call
    considered = visit.row
    visits = { unpack(visits, 1, nth) }
    break
  end
end

local outcomes, reports, later, empty, room = {}, { "ok", now, considered }, {}, {}, limit
if proposing then
  local k = { events = events, proposals = proposals, deadlines = deadlines }
  propose(k, now, ready_ms, size, grouped, phases, outcomes)
else
  end_tickets(events, now, "matched", size, "", grouped, outcomes)
end
end_tickets(events, now, "expired", 1, "", expired, outcomes)
end_tickets(events, now, "cancelled", 1, "disconnected", gone, outcomes)
for _, visit in ipairs(visits) do
  local name, row = names[visit.row], visit.row
  room = close_visit(visit, waiting[row], passed[row], room, proposing)
  local earliest = earliest_expiry(visit, now, outcomes)
  local left = visit.left
  if proposing then
    left = left - (holding[row] or 0) - visit.took
  end
  if visit.more then
    call("HSET", batches, name, batch_value(visit))
  else
    if visit.resumed then
      call("HDEL", batches, name)
    end
    local score = next_visit(visit, left, now, interval_ms, size, tonumber(phases[name]), earliest)
    if score then
      later[#later + 1], later[#later + 2] = score, name
    else
      empty[#empty + 1] = name
    end
  end
  if visit.matches > 0 then
    if proposing then
      call("HINCRBY", held, name, visit.took)
    else
      call("ZINCRBY", matched, visit.matches, name)
    end
  end
  if visit.batch.tombstones ~= 0 then
    call("HINCRBY", tombstones, name, -visit.batch.tombstones)
  end
  local more = visit.more and 1 or 0
  local fallback = visit.fallback or 0
  reports[#reports + 1] = { row, visit.matches, visit.expired, math.max(0, left), more, fallback, visit.error }
end
if guest then
  note_fallbacks(fallbacks, guest.version, visits, names, now)
end
if #outcomes > 0 then
  call("HSET", tickets, unpack(outcomes))
end
if #later > 0 then
  call("ZADD", due, unpack(later))
end
if #empty > 0 then
  call("ZREM", due, unpack(empty))
  call("HDEL", tombstones, unpack(empty))
end
if #grouped > 0 and proposing then
  call("HINCRBY", counters, "proposed", #grouped / 2)
elseif #grouped > 0 then
  call("HINCRBY", counters, "matched", #grouped / 2)
  call("HINCRBY", counters, "matches", #grouped / 2 / size)
end
if #expired > 0 then
  call("HINCRBY", counters, "expired", #expired / 2)
end
if #gone > 0 then
  call("HINCRBY", counters, "cancelled", #gone / 2)
end
return reports
