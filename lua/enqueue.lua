-- enqueue: put tickets at the end of their waiting lists. WRITES. O(tickets). Safe to repeat: an id is queued once.
-- KEYS[1] meta  KEYS[2] tickets  KEYS[3] players  KEYS[4] due  KEYS[5] counters  KEYS[6..] waiting list of each run
-- ARGV[1] fingerprint  ARGV[2] interval_ms  ARGV[3] rows
-- ARGV[4..] four a run: queue, phase_ms, ttl_ms, last row; then all ids, all players, all bodies
-- RETURN {"ok", now_ms, exceptions…} or {"config", stored}; an exception is {row, "paused"},
--   {row, "duplicate", live_id, its value} or {row, "known", value}
--
-- A run is consecutive rows of one queue and one time to live. Bodies are as lib/value.lua has them.

local call = redis.call
--@include lib/time.lua
--@include lib/value.lua

-- due_at: when the queue of a newcomer is to be visited, as text: Redis takes longer to write numbers.
local function due_at(now, interval, phase)
  return string.format("%d", window_from(now + 1, interval, tonumber(phase)))
end

local fingerprint, interval, rows = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local runs = #KEYS - 5
local first_id = 4 + 4 * runs
local first_player, first_body = first_id + rows, first_id + 2 * rows
if #ARGV ~= first_id + 3 * rows - 1 then
  return redis.error_reply("MATCHQ_BADARG enqueue: rows and arguments do not fit")
end

local meta = call("HMGET", KEYS[1], "config", "paused")
if meta[1] ~= fingerprint then
  return { "config", meta[1] or "" }
end
local now = now_ms(call("TIME"))

-- A lone ticket costs mostly calls and tables: one that nothing stands against, as most, gets by with few of them.
if rows == 1 and not meta[2] and not call("HGET", KEYS[3], ARGV[first_player]) then
  local head, id = 4, ARGV[first_id]
  if call("HSETNX", KEYS[2], id, new_record(now + ARGV[head + 2], ARGV[first_body])) == 1 then
    call("HSET", KEYS[3], ARGV[first_player], id)
    call("RPUSH", KEYS[5 + runs], id)
    call("ZADD", KEYS[4], "LT", due_at(now, interval, ARGV[head + 1]), ARGV[head])
    call("HINCRBY", KEYS[5], "enqueued", "1")
    return { "ok", now }
  end
end

local known = call("HMGET", KEYS[2], unpack(ARGV, first_id, first_player - 1))
local holders = call("HMGET", KEYS[3], unpack(ARGV, first_player, first_body - 1))

-- Which of the players' latest tickets live: they wait, or are proposed.
local live, holding = nil, nil
for row = 1, rows do
  if holders[row] then
    holding = holding or {}
    holding[#holding + 1] = holders[row]
  end
end
if holding then
  live = {}
  local values = call("HMGET", KEYS[2], unpack(holding))
  for i = 1, #holding do
    live[holding[i]] = values[i] and lives(values[i]) and values[i]
  end
end

local reply = { "ok", now }
local ticket_rows, player_rows, due_rows = {}, {}, {}
local queued_by, queued = {}, 0
local start, start_ttl -- the same for most runs, and writing numbers is slow
local row = 1
for run = 1, runs do
  local head = 4 * run
  local queue, ttl, last = ARGV[head], ARGV[head + 2], tonumber(ARGV[head + 3])
  local paused = meta[2] and call("HEXISTS", KEYS[1], "paused:" .. queue) == 1
  if ttl ~= start_ttl then
    start, start_ttl = new_record(now + tonumber(ttl), ""), ttl
  end
  local ids, n = {}, 0
  for r = row, last do
    local player, holder = ARGV[first_player + r - 1], holders[r]
    if known[r] then
      reply[#reply + 1] = { r, "known", known[r] }
    elseif queued_by[player] then
      local at = queued_by[player]
      reply[#reply + 1] = { r, "duplicate", ticket_rows[at - 1], ticket_rows[at] }
    elseif holder and live[holder] then
      reply[#reply + 1] = { r, "duplicate", holder, live[holder] }
    elseif paused then
      reply[#reply + 1] = { r, "paused" }
    else
      n = n + 1
      local id, at = ARGV[first_id + r - 1], 2 * (queued + n)
      ids[n] = id
      queued_by[player] = at
      ticket_rows[at - 1], ticket_rows[at] = id, start .. ARGV[first_body + r - 1]
      player_rows[at - 1], player_rows[at] = player, id
    end
  end
  if n > 0 then
    queued = queued + n
    call("RPUSH", KEYS[5 + run], unpack(ids))
    due_rows[#due_rows + 1] = due_at(now, interval, ARGV[head + 1])
    due_rows[#due_rows + 1] = queue
  end
  row = last + 1
end

if queued > 0 then
  call("HSET", KEYS[2], unpack(ticket_rows))
  call("HSET", KEYS[3], unpack(player_rows))
  call("ZADD", KEYS[4], "LT", unpack(due_rows))
  call("HINCRBY", KEYS[5], "enqueued", queued)
end
return reply
