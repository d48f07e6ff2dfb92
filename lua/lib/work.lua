--@include lib/entry.lua

-- The work of a group of consumers: events that each go to one of its workers. Four keys hold it:
--   work    hash: id → the event as text; #id → "<deliveries> <worker that had it last>"; !id → why it is a dead
--           letter; @worker → "<turn> <id> <id> …", what its last call leased that leased anything
--   ready   list: ids that no worker has, the next one last
--   leases  sorted set: id of a delivered event → when it is delivered again (ms)
--   dead    sorted set: id of a dead letter → since when it is one (ms)
-- An id is that of the event. Each id stands in exactly one of the latter three.

-- places_of: the events of an entry, as text, by place. A text has the entry's fields as lines, name and value in turn,
-- as lib/entry.lua's place_of has them; the tickets come last. nil if the entry has not as many lines as it tells of.
local function places_of(fields)
  local about, sizes, lines = {}, {}, entry_lines(fields)
  for i = 1, #fields, 2 do
    local name = fields[i]
    if name ~= "size" and name ~= "count" and name ~= "tickets" and name ~= "data" then
      about[#about + 1], about[#about + 2] = name, fields[i + 1]
    end
  end
  local common, data = table.concat(about, "\n"), entry_index(fields, "data")
  local rest = data and fields[data] .. "\n"
  for size in string.gmatch(fields[4], "%d+") do
    sizes[#sizes + 1] = tonumber(size)
  end
  local texts, from = {}, 1
  for place = 0, entry_places(fields) - 1 do
    local size, after = sizes[place + 1] or sizes[1], from - 1
    for _ = 1, 2 * size do
      if after > #lines then
        return nil
      end
      after = string.find(lines, "\n", after + 1, true) or #lines + 1
    end
    local own = ""
    if rest then
      own, rest = string.match(rest, "^([^\n]*)\n(.*)$")
      if not own then
        return nil
      end
      own = "\ndata\n" .. own
    end
    texts[#texts + 1] = common .. own .. "\nsize\n" .. string.format("%d", size) .. "\nplace\n" ..
      string.format("%d", place) .. "\ntickets\n" .. string.sub(lines, from, after - 1)
    from = after + 1
  end
  return from > #lines and (rest or "") == "" and texts or nil
end

-- forget_work: drop all that work has of some ids.
local function forget_work(work, ids)
  local fields = {}
  for _, id in ipairs(ids) do
    fields[#fields + 1], fields[#fields + 2], fields[#fields + 3] = id, "#" .. id, "!" .. id
  end
  if #fields > 0 then
    redis.call("HDEL", work, unpack(fields))
  end
end

-- bury: make dead letters of ids, with a problem each. Beyond max_dead the oldest ones go, no more of them than came.
local function bury(work, dead, info, now, ids, problems)
  if #ids == 0 then
    return
  end
  local scores, reasons = {}, {}
  for i, id in ipairs(ids) do
    scores[#scores + 1], scores[#scores + 2] = now, id
    reasons[#reasons + 1], reasons[#reasons + 2] = "!" .. id, problems[i]
  end
  redis.call("ZADD", dead, unpack(scores))
  redis.call("HSET", work, unpack(reasons))
  redis.call("HINCRBY", info, "buried", #ids)
  local over = redis.call("ZCARD", dead) - (tonumber(redis.call("HGET", info, "max_dead")) or 0)
  if over > 0 then
    local oldest = redis.call("ZRANGE", dead, 0, math.min(over, 2 * #ids) - 1)
    redis.call("ZREM", dead, unpack(oldest))
    forget_work(work, oldest)
  end
end

-- drop_group: delete a group with all that it has.
local function drop_group(meta, groups, group, ...)
  redis.call("ZREM", groups, group)
  redis.call("UNLINK", ...)
  if redis.call("EXISTS", groups) == 0 then
    redis.call("HDEL", meta, "groups")
  end
end
