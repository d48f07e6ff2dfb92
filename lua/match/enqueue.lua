-- enqueue: put tickets at the end of their waiting lists. WRITES. O(tickets). Safe to repeat: an id is queued once.
-- GUARDED paused
-- KEYS meta tickets players due counters
-- KEYS for each run: waiting
-- ARGV #interval_ms #rows
-- ARGV for each run: queue phase_ms ttl_ms last_row
-- ARGV for each row by column: id player body
-- RETURN {"ok", now_ms, exceptions…} or {"config", stored}; an exception is {row, "paused"},
--   {row, "duplicate", live_id, its value} or {row, "known", value}
--
-- A run is consecutive rows of one queue and one time to live. Bodies are as in lib/value.lua.

--@include lib/time.lua
--@include lib/value.lua

-- due_at: when the queue of a newcomer is to be visited, as text: Redis takes longer to write numbers.
local function due_at(now, phase)
  return string.format("%d", window_from(now + 1, interval_ms, tonumber(phase)))
end

local now = now_ms(call("TIME"))

-- A lone ticket costs mostly calls and tables. Most have nothing against them, and get by with few of both.
if rows == 1 and not paused and not call("HGET", players, player[1]) then
  local ticket = id[1]
  if call("HSETNX", tickets, ticket, new_record(now + ttl_ms[1], body[1])) == 1 then
    call("HSET", players, player[1], ticket)
    call("RPUSH", waiting[1], ticket)
    call("ZADD", due, "LT", due_at(now, phase_ms[1]), queue[1])
    call("HINCRBY", counters, "enqueued", "1")
    return { "ok", now }
  end
end

local known = call("HMGET", tickets, all(id))
local holders = call("HMGET", players, all(player))

-- The values of the players' latest tickets that live.
local live, holding = nil, nil
for row = 1, rows do
  if holders[row] then
    holding = holding or {}
    holding[#holding + 1] = holders[row]
  end
end
if holding then
  live = {}
  local values = call("HMGET", tickets, unpack(holding))
  for i = 1, #holding do
    live[holding[i]] = values[i] and is_live(values[i]) and values[i]
  end
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
      ticket_rows[at - 1], ticket_rows[at] = ticket, start .. body[row]
      player_rows[at - 1], player_rows[at] = who, ticket
    end
  end
  if n > 0 then
    queued = queued + n
    call("RPUSH", waiting[run], unpack(ids))
    due_rows[#due_rows + 1] = due_at(now, phase_ms[run])
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
