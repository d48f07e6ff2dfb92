-- change: replace or remove a room's document, and tell of it. WRITES. O(seats + messages). Safe to repeat: a token.
-- WHEN FULL goes on
-- GUARDED
-- KEYS meta timers online room_key
-- KEYS for each holder: seats_held
-- KEYS for each leaver: seats_left
-- KEYS for each message: mailbox
-- ARGV room #version (that it must have, 0: none) token #keep_ms #not_after (ms, 0: whenever) #wake_at (ms, 0: never)
-- ARGV #holders #leavers mailbox_keep_ms channel (prefix of the nodes' channels) document ("": remove the room)
-- ARGV for each holder: most (rooms in which the player may have such a seat, 0: any number)
-- ARGV for each message: player event dedup_key data
-- RETURN {"ok", "changed", version}, {"ok", "conflict", version}, {"ok", "late", version},
--   {"ok", "full", version, holder} or {"config", stored}
--
-- The version is the one that the caller has read. A room remembers the token of its last change, also for a minute
-- after it was removed.

--@include lib/time.lua
--@include lib/mailbox.lua

local known = call("HMGET", room_key, "version", "token")
local current = tonumber(known[1]) or 0
if known[2] == token then
  return { "ok", "changed", current }
end
local exists = call("HEXISTS", room_key, "doc") == 1
if (exists and current or 0) ~= version then
  return { "ok", "conflict", exists and current or 0 }
end
local now = now_ms(call("TIME"))
if not_after > 0 and now > not_after then
  return { "ok", "late", current }
end
for row = 1, holders do
  local limit = tonumber(most[row])
  if limit > 0 then
    local seats = seats_held[row]
    local here = tonumber(call("ZSCORE", seats, room) or 0) > now and 1 or 0
    if #call("ZRANGEBYSCORE", seats, "(" .. now, "+inf") - here >= limit then
      return { "ok", "full", current, row }
    end
  end
end

local names = {}
for row = 1, messages do
  names[row] = player[row]
end
local where = messages > 0 and call("HMGET", online, unpack(names))
if document ~= "" then
  call("HSET", room_key, "version", current + 1, "token", token, "doc", document)
  call("PEXPIRE", room_key, keep_ms)
elseif exists then
  call("HSET", room_key, "version", current + 1, "token", token)
  call("HDEL", room_key, "doc")
  call("PEXPIRE", room_key, 60000)
end
if document ~= "" and wake_at > 0 then
  call("ZADD", timers, wake_at, room)
else
  call("ZREM", timers, room)
end
for row = 1, leavers do
  call("ZREM", seats_left[row], room)
end
for row = 1, holders do
  local seats = seats_held[row]
  call("ZREMRANGEBYSCORE", seats, "-inf", now)
  call("ZADD", seats, now + keep_ms, room)
  call("ZREMRANGEBYRANK", seats, 0, -33)
  call("PEXPIRE", seats, math.max(keep_ms, call("PTTL", seats)))
end
local news = {}
for row = 1, messages do
  send(mailbox[row], mailbox_keep_ms, news, where[row], names[row], event[row], dedup_key[row], data[row])
end
publish_news(channel, news)
return { "ok", "changed", current + 1 }
