-- release: give the players of a match new tickets, or restore a proposed one. WRITES. O(size). Safe to repeat: once.
-- RULED
-- KEYS meta tickets players due events counters tombstones batches held proposals deadlines met_one met_two sequels
-- KEYS waiting passed
-- ARGV match queue reason #interval_ms #phase_ms #recent (how many of a player's latest opponents the records tell)
-- RETURN {"ok", now_ms, told, the match…} or {"stale", version}: told has two texts for each ticket of the match,
--   the id of a ticket and its value ("": unknown): of the successor, or of the latest of a player who got none. It is
--   empty if there is nothing to release. The match is as lib/proposal.lua appends it.
--
-- A player who has a newer ticket that lives, or was matched, gets none. New tickets wait since the old ones did, with
-- their time to live anew, and stand at the head of the line, also in a paused queue: they are no newcomers. The old
-- outcomes stay. The players have not met. A full Redis refuses new tickets, since matches that are made and released
-- over and over would take more than is freed. It lets a proposed match be dissolved.

--@include lib/time.lua
--@include lib/sequel.lua
--@include lib/since.lua
--@include lib/line.lua

local k = {
  tickets = tickets, due = due, events = events, counters = counters, tombstones = tombstones, held = held,
  proposals = proposals, deadlines = deadlines, sequels = sequels,
}
local now = now_ms(call("TIME"))

-- waits_again: whether a player whose latest ticket is holder, with a value, gets a successor of a ticket.
local function waits_again(ticket, holder, value)
  return not value or holder == ticket or not is_live(value) and not is_matched(value)
end

-- successors_of: the ids of the new tickets of a match that was made, in its order, and id, record, … oldest first.
local function successors_of(ids, records, owners)
  local holders, names, rows = call("HMGET", players, unpack(owners)), {}, {}
  local opponents = recent > 0 and forget_meeting(meta, met_one, met_two, owners) or {}
  for i = 1, #ids do
    local fresh = string.sub(redis.sha1hex(match .. "\t" .. ids[i]), 1, 24)
    local value = holders[i] and call("HGET", tickets, holders[i])
    local taken = call("HEXISTS", tickets, fresh) == 1 -- somebody has chosen that very id
    names[i] = not taken and waits_again(ids[i], holders[i], value) and fresh or "-"
    if names[i] == fresh then
      local met = opponents[i] and newest_of(opponents[i], recent) or ""
      rows[#rows + 1] = { fresh, again_record(now, records[i], ids[i], met), i }
    end
  end
  table.sort(rows, function(a, b)
    local since, other = enqueued_at(a[2]), enqueued_at(b[2])
    return since < other or since == other and a[3] < b[3]
  end)
  local lines = {}
  for _, row in ipairs(rows) do
    lines[#lines + 1], lines[#lines + 2] = row[1], row[2]
  end
  return names, lines
end

local proposed, made = find_match(k, match)
local sequel = call("HGET", sequels, match)
local successors, ids, records, owners, lines = successors_in(sequel), {}, {}, {}
for id, record in string.gmatch(made and entry_lines(made) or "", "([^\n]+)\n([^\n]+)") do
  local n = #ids + 1
  ids[n], records[n], owners[n] = id, record, player_of(record)
end
if made and queue_of(records[1]) ~= queue then
  return redis.error_reply("MATCHQ_BADARG match/release: the match is of another queue")
end
if proposed then
  call("HDEL", meta, "-") -- lua/full.go says why
end
if proposed and proposed.deadline <= now then
  time_out(k, now, match, proposed)
elseif proposed then
  successors = proposed.ids
  dissolve(k, now, match, proposed, records_of(k, proposed), {}, reason)
  call("HSET", sequels, match, released_sequel(sequel, now, reason, successors))
elseif made and not successors then
  successors, lines = successors_of(ids, records, owners)
  if #lines > 0 then
    call("HSET", tickets, unpack(lines))
    for i = 1, #lines, 2 do
      call("HSET", players, player_of(lines[i + 1]), lines[i])
    end
    put_in_front(tickets, batches, queue, waiting, passed, lines)
    call("ZADD", due, "LT", string.format("%d", window_from(now + 1, interval_ms, phase_ms)), queue)
    call("HINCRBY", counters, "enqueued", #lines / 2)
  end
  sequel = released_sequel(sequel, now, reason, successors)
  call("HSET", sequels, match, sequel)
  add_sequel(events, now, "released", reason, match, made, sequel)
end

local told = {}
for i, ticket in ipairs(successors or {}) do
  if ticket == "-" then
    ticket = call("HGET", players, owners[i]) or ""
  end
  told[2 * i - 1], told[2 * i] = ticket, call("HGET", tickets, ticket) or ""
end
local reply = { "ok", now, told }
add_match(k, match, reply)
return reply
