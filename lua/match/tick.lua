-- tick: match the batches of some queues. WRITES. O(limit). Safe to repeat: a matched ticket is in no list any more.
-- WHEN FULL goes on
-- RULED paused leases blind_span
-- KEYS meta tickets due events counters matched tombstones batches held proposals deadlines online nodes fallbacks
-- KEYS met_one met_two
-- KEYS for each row: waiting passed rank
-- ARGV #limit #plans
-- ARGV for each plan: #interval_ms #size #ready_ms (0: no ready check) policy source names (of an own policy; "" else)
-- ARGV for each row: queue #plan phase_ms fence (the score that the queue must have; "" for a visit at any time)
-- RETURN {"ok", now_ms, considered, reports…} or {"stale", version}; only the first considered rows fitted in. A report
--   is {row, matches, expired, left, more, fallback, error}; matches are proposed if there is a ready check. A queue
--   whose score is not its fence has no report. error is that of a policy that failed in this visit. fallback says
--   whether the queue is matched without its policy, because that failed: 0 no, 1 yes, 2 from now on, 3 no longer.
--
-- A plan has the rules of some queues. The first visit of a window fixes the batch: as many tickets as the list
-- holds. Tickets over the limit are noted in batches and left to further calls, from any node and by the plan of their
-- day; the score moves when the batch is done. Until then the tickets that a policy leaves over are offered again with
-- the tickets behind them (the newest, half a call's worth) or passed: they return to the head of the line when the
-- batch is done. By rules such a batch is matched in the order of ranks: see lib/ranked.lua.
--
-- With a ready check, matches are proposed: the tickets keep their places, held, so that a restored ticket is where it
-- was. A tick steps over held tickets, also when the ready check is over.
--
-- A ticket that lives only while its player is online is cancelled if the player is gone. While no node's lease runs
-- nobody knows who is online: a queue with such tickets is then visited again in its next window. While blind_span
-- lasts the nodes are announcing their players, and such tickets are matched like others.

--@include lib/time.lua
--@include lib/entry.lua
--@include lib/batch.lua
--@include lib/fallback.lua
--@include lib/ranked.lua
--@include lib/attendance.lua
--@include lib/blind.lua
--@include lib/proposal.lua
--@include lib/plan.lua

local max_spent = 10000 -- steps of users' policies, after which a call takes no more queues
local time = call("TIME")
local now = now_ms(time)
math.randomseed(tonumber(time[2]))
local made, guests = {}, false
for p = 1, plans do
  made[p] = new_plan(policy[p], source[p], names[p], size[p], interval_ms[p], ready_ms[p], version)
  guests = guests or made[p].guest
end
local queues = {}
for row = 1, rows do
  queues[row] = queue[row]
end
local scores = call("ZMSCORE", due, unpack(queues))
local under_way = call("HMGET", batches, unpack(queues))
local buried = call("EXISTS", tombstones) == 1 and call("HMGET", tombstones, unpack(queues)) or {}
local holding = call("EXISTS", held) == 1 and call("HMGET", held, unpack(queues)) or {}
local fallen = guests and call("HMGET", fallbacks, unpack(queues)) or {}

-- Read each queue's tickets, as far as the limit goes, and group them. Nothing is written before all is decided.
local visits, ids, considered, n = {}, {}, 0, 0
for row = 1, rows do
  if fence[row] == "" or fence[row] == scores[row] then
    local by = made[plan[row]]
    local most = math.min(limit, by.most)
    local visit = open_batch(waiting[row], passed[row], rank[row], under_way[row], most - n, by, most, version)
    if not visit then
      break
    end
    visit.row, visit.by, visit.first, visit.last = row, by, n + 1, n + visit.n
    visit.held = tonumber(holding[row] or 0)
    visit.holds = by.proposing or visit.held > 0 or visit.carried > 0
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
local expired, gone, seen, spent = {}, {}, {}, 0
for _, by in ipairs(made) do
  by.total = n
end
for nth, visit in ipairs(visits) do
  local row, by = visit.row, visit.by
  local grouped_before, expired_before = #by.lines, #expired
  visit.buried = (buried[row] or "0") ~= "0"
  local found = (visit.resumed or visit.buried) and seen or nil
  visit.batch = new_batch(queues[row], ids, records, visit.first, visit.last, visit.carried, now, found,
    expired, absent, gone)
  visit.paused = paused and call("HEXISTS", meta, "paused:" .. queues[row]) == 1
  visit.blind = blind and any_between(positions, visit.first, visit.last)
  local step = follow_step(visit, version)
  if visit.paused or visit.blind or step and (step ~= "sweep" or visit.abandoned) then
    visit.taken, visit.took = group(nobody, visit.batch, by)
  elseif step then
    visit.taken, visit.took, visit.error = group(by.sweep, chunk_of(visit), by)
  elseif by.guest then
    local before = by.guest.spent
    group_visit(by.guest, visit, fallen_back(fallen[row], by.guest.version, now), now, by)
    spent = spent + by.guest.spent - before
  else
    visit.taken, visit.took, visit.error = group(by.policy, visit.batch, by)
  end
  if visit.holds and not by.proposing then
    leave_matched(visit)
  end
  visit.matches = (#by.lines - grouped_before) / 2 / by.size
  visit.expired = (#expired - expired_before) / 2
  by.phases[queues[row]] = tonumber(phase_ms[row])
  if spent > max_spent then -- the other queues are left to another call
    considered = row
    visits = { unpack(visits, 1, nth) }
    break
  end
end

local outcomes, reports, later, empty, room = {}, { "ok", now, considered }, {}, {}, limit
local proposed, matched_tickets, matches = 0, 0, 0
for _, by in ipairs(made) do
  if by.proposing then
    propose({ events = events, proposals = proposals, deadlines = deadlines }, now, by, by.lines, outcomes)
    proposed = proposed + #by.lines / 2
  else
    end_tickets(events, now, by, by.lines, outcomes)
    if by.notes and #by.lines > 0 then
      note_opponents(meta, met_one, met_two, now, players_of(by.lines), by.size)
    end
    matched_tickets, matches = matched_tickets + #by.lines / 2, matches + #by.lines / 2 / by.size
  end
end
end_tickets(events, now, { kind = "expired", size = 1 }, expired, outcomes)
end_tickets(events, now, { kind = "cancelled", size = 1, reason = "disconnected" }, gone, outcomes)
for _, visit in ipairs(visits) do
  local row, by = visit.row, visit.by
  local name = queues[row]
  if visit.step then
    close_ranked(visit, waiting[row], passed[row], rank[row], version)
  else
    room = close_visit(visit, waiting[row], passed[row], room)
  end
  local earliest = (not visit.step or visit.step == "return") and earliest_expiry(visit, now, outcomes)
  local left = visit.left - visit.held - (by.proposing and visit.took or 0)
  if visit.more then
    call("HSET", batches, name, visit.value or batch_value(visit))
  else
    if visit.resumed then
      call("HDEL", batches, name)
    end
    local score = next_visit(visit, left, now, by.interval, by.size, by.phases[name], earliest, first_meeting(visit))
    if score then
      later[#later + 1], later[#later + 2] = score, name
    else
      empty[#empty + 1] = name
    end
  end
  if visit.matches > 0 then
    if by.proposing then
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
if guests then
  note_fallbacks(fallbacks, visits, queues, now)
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
if proposed > 0 then
  call("HINCRBY", counters, "proposed", proposed)
end
if matches > 0 then
  call("HINCRBY", counters, "matched", matched_tickets)
  call("HINCRBY", counters, "matches", matches)
end
if #expired > 0 then
  call("HINCRBY", counters, "expired", #expired / 2)
end
if #gone > 0 then
  call("HINCRBY", counters, "cancelled", #gone / 2)
end
return reports
