-- enqueue: put tickets at the end of their waiting lists. WRITES. O(tickets). Safe to repeat: an id is queued once.
-- RULED paused
-- KEYS meta tickets players due counters met_one met_two
-- KEYS for each run: waiting
-- ARGV #rows #recent (how many of a player's latest opponents the records tell) ?moved (a player has waited before)
-- ARGV for each run: queue interval_ms phase_ms ttl_ms last_row
-- ARGV for each row by column: id player body
-- RETURN {"ok", now_ms, exceptions…} or {"stale", version}; an exception is {row, "paused"},
--   {row, "duplicate", live_id, its value}, {row, "known", value}, or {row, "moved", record} if it waited before
--
-- A run is consecutive rows of one queue and one time to live. Bodies are as in lib/value.lua.

--@include lib/time.lua
--@include lib/live.lua
--@include lib/opponents.lua
--@include lib/since.lua

-- due_at: when the queue of a newcomer is to be visited, as text: Redis takes longer to write numbers.
local function due_at(now, interval, phase)
  return string.format("%d", window_from(now + 1, tonumber(interval), tonumber(phase)))
end

local now = now_ms(call("TIME"))

-- A lone ticket costs mostly calls and tables. Most have nothing against them, and get by with few of both.
if rows == 1 and recent == 0 and not moved and not paused and not call("HGET", players, player[1]) then
  local ticket = id[1]
  if call("HSETNX", tickets, ticket, new_record(now + ttl_ms[1], body[1])) == 1 then
    call("HSET", players, player[1], ticket)
    call("RPUSH", waiting[1], ticket)
    call("ZADD", due, "LT", due_at(now, interval_ms[1], phase_ms[1]), queue[1])
    call("HINCRBY", counters, "enqueued", "1")
    return { "ok", now }
  end
end

local known = call("HMGET", tickets, all(id))
local holders = call("HMGET", players, all(player))

local live = live_among(tickets, holders, rows)
local opponents = nil
if recent > 0 then
  local newer, older = generations(meta, met_one, met_two)
  opponents = opponents_of(newer, older, { all(player) })
end
local reply, ticket_rows, player_rows, due_rows = { "ok", now }, {}, {}, {}
local queued_by, queued = {}, 0
local start, start_ttl -- the same for most runs, and writing numbers is slow
local first = 1
for run = 1, runs do
  local name, ttl, last = queue[run], ttl_ms[run], tonumber(last_row[run])
  local refuses = paused and call("HEXISTS", meta, "paused:" .. name) == 1
  if ttl ~= start_ttl then
    start, start_ttl = new_record(now + tonumber(ttl), ""), ttl
  end
  local ids, n = {}, 0
  for row = first, last do
    local who, holder = player[row], holders[row]
    if known[row] then
      reply[#reply + 1] = { row, "known", known[row] }
    elseif queued_by[who] then
      local at = queued_by[who]
      reply[#reply + 1] = { row, "duplicate", ticket_rows[at - 1], ticket_rows[at] }
    elseif holder and live[holder] then
      reply[#reply + 1] = { row, "duplicate", holder, live[holder] }
    elseif refuses then
      reply[#reply + 1] = { row, "paused" }
    else
      n = n + 1
      local ticket, at = id[row], 2 * (queued + n)
      ids[n] = ticket
      queued_by[who] = at
      local aged = moved and moved_record(now, tonumber(ttl), body[row])
      if aged then
        reply[#reply + 1] = { row, "moved", aged }
      end
      ticket_rows[at - 1], ticket_rows[at] = ticket, aged or start .. body[row]
      if opponents and opponents[row] then
        ticket_rows[at] = ticket_rows[at] .. "\tr" .. newest_of(opponents[row], recent)
      end
      player_rows[at - 1], player_rows[at] = who, ticket
    end
  end
  if n > 0 then
    queued = queued + n
    call("RPUSH", waiting[run], unpack(ids))
    due_rows[#due_rows + 1] = due_at(now, interval_ms[run], phase_ms[run])
    due_rows[#due_rows + 1] = name
  end
  first = last + 1
end

if queued > 0 then
  call("HSET", tickets, unpack(ticket_rows))
  call("HSET", players, unpack(player_rows))
  call("ZADD", due, "LT", unpack(due_rows))
  call("HINCRBY", counters, "enqueued", queued)
end
return reply
