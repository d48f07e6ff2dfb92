-- The hashes met_one and met_two have a player's latest opponents, the last one first, with US between. One of them is
-- the newer. When it is an hour old the other is dropped and becomes the newer: opponents are kept for one to two
-- hours. Meta's met_since says since when (ms) which is: "<ms> 1" or "<ms> 2". RENAME would need a right that few users
-- have.
--
-- A small hash of short values is a list to Redis, where each look-up takes 2 µs among 500. One value of more than 64
-- bytes ends that: it stands in the field "", which is no player's name.
local max_opponents, generation_ms = 8, 3600000

-- generations: the newer hash, the older one, and since when the newer is (ms; 0: never).
local function generations(meta, met_one, met_two)
  local since, newer = string.match(redis.call("HGET", meta, "met_since") or "", "^(%d+) ([12])$")
  if newer == "2" then
    return met_two, met_one, tonumber(since)
  end
  return met_one, met_two, tonumber(since) or 0
end

-- opponents_of: the values of some players; false where there is none.
local function opponents_of(newer, older, players)
  local values, rest, names = redis.call("HMGET", newer, unpack(players)), {}, {}
  for i = 1, #players do
    if not values[i] then
      rest[#rest + 1] = i
      names[#names + 1] = players[i]
    end
  end
  local before = #rest > 0 and redis.call("HMGET", older, unpack(names)) or {}
  for k = 1, #rest do
    values[rest[k]] = before[k]
  end
  return values
end

-- newest_of: the first most names of a value.
local newest_patterns = {} -- by most: making one takes longer than its use
local function newest_of(value, most)
  local pattern = newest_patterns[most]
  if not pattern then
    pattern = "^[^\31]*" .. string.rep("\31?[^\31]*", most - 1)
    newest_patterns[most] = pattern
  end
  return string.match(value, pattern)
end

-- others_of: the names in players[first..last] but the one at i.
local function others_of(players, first, last, i)
  local before, behind = table.concat(players, "\31", first, i - 1), table.concat(players, "\31", i + 1, last)
  if before == "" or behind == "" then
    return before .. behind
  end
  return before .. "\31" .. behind
end

-- note_opponents: note who met, in matches of some size each. players has them match by match.
local function note_opponents(meta, met_one, met_two, now, players, size)
  local newer, older, since = generations(meta, met_one, met_two)
  if since > now or now >= since + generation_ms then -- a time to come was noted before the clock was set back
    newer, older = older, newer
    redis.call("UNLINK", newer)
    redis.call("HSET", newer, "", string.rep("-", 65))
    redis.call("HSET", meta, "met_since", string.format("%.0f %d", now, newer == met_two and 2 or 1))
  end
  local before, rows = opponents_of(newer, older, players), {}
  for first = 1, #players, size do
    local last = first + size - 1
    for i = first, last do
      local names = others_of(players, first, last, i)
      if before[i] then
        names = names .. "\31" .. before[i]
      end
      rows[2 * i - 1], rows[2 * i] = players[i], newest_of(names, max_opponents)
    end
  end
  redis.call("HSET", newer, unpack(rows))
  redis.call("PEXPIRE", newer, 2 * generation_ms) -- for the last one, when rules keep nobody apart any more
end

-- forget_meeting: take it back that the players of a match met, where nobody was noted since. Returns their latest
-- opponents of before, as opponents_of does.
local function forget_meeting(meta, met_one, met_two, players)
  local newer, older = generations(meta, met_one, met_two)
  local values, rows = opponents_of(newer, older, players), {}
  for i = 1, #players do
    local met = newest_of(others_of(players, 1, #players, i), max_opponents)
    if values[i] and string.sub(values[i] .. "\31", 1, #met + 1) == met .. "\31" then
      values[i] = #values[i] > #met and string.sub(values[i], #met + 2)
      if values[i] then
        rows[#rows + 1], rows[#rows + 2] = players[i], values[i]
      else
        redis.call("HDEL", newer, players[i])
        redis.call("HDEL", older, players[i])
      end
    end
  end
  if #rows > 0 then
    redis.call("HSET", newer, unpack(rows))
    redis.call("PEXPIRE", newer, 2 * generation_ms)
  end
  return values
end
