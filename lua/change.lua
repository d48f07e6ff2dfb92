-- change: replace or remove a room's document, and tell of it. WRITES. O(seats + messages). Safe to repeat: a token.
-- KEYS[1] meta  KEYS[2] timers  KEYS[3] online  KEYS[4] room
-- KEYS[5..] seats of each player who holds one, of each who gives one up, then outbox of each message
-- ARGV[1] fingerprint  ARGV[2] room  ARGV[3] version it must have, 0 for none  ARGV[4] token  ARGV[5] keep_ms
-- ARGV[6] not after (ms, 0 for whenever)  ARGV[7] wake at (ms, 0 for never)  ARGV[8] seats held  ARGV[9] seats given up
-- ARGV[10] outbox keep_ms  ARGV[11] channel: what the names of the nodes' channels begin with
-- ARGV[12] document, "" to remove it
-- ARGV[13..] four a message: player, event, key, data
-- RETURN {"ok", "changed", version}, {"ok", "conflict", version}, {"ok", "late", version} or {"config", stored}
--
-- Who changes a room names the version they have seen. A room remembers the token of its last change, also for a while
-- after it was removed.

local call = redis.call
--@include lib/time.lua
--@include lib/post.lua

local fingerprint, room, expected, token, keep_ms = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local not_after, wake_at, held, given_up = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local outbox_keep_ms, channel, document = ARGV[10], ARGV[11], ARGV[12]
local before = 4 + held + given_up
local messages = #KEYS - before
if messages < 0 or #ARGV ~= 12 + 4 * messages then
  return redis.error_reply("MATCHQ_BADARG change: seats, messages and arguments do not fit")
end
local stored = call("HGET", KEYS[1], "config")
if stored ~= fingerprint then
  return { "config", stored or "" }
end
local known = call("HMGET", KEYS[4], "version", "token")
local version = tonumber(known[1]) or 0
if known[2] == token then
  return { "ok", "changed", version }
end
local exists = call("HEXISTS", KEYS[4], "doc") == 1
if (exists and version or 0) ~= expected then
  return { "ok", "conflict", exists and version or 0 }
end
local now = now_ms(call("TIME"))
if not_after > 0 and now > not_after then
  return { "ok", "late", version }
end

local players = {}
for i = 1, messages do
  players[i] = ARGV[9 + 4 * i]
end
local where = messages > 0 and call("HMGET", KEYS[3], unpack(players))
if document ~= "" then
  call("HSET", KEYS[4], "version", version + 1, "token", token, "doc", document)
  call("PEXPIRE", KEYS[4], keep_ms)
elseif exists then
  call("HSET", KEYS[4], "version", version + 1, "token", token)
  call("HDEL", KEYS[4], "doc")
  call("PEXPIRE", KEYS[4], 60000)
end
if document ~= "" and wake_at > 0 then
  call("ZADD", KEYS[2], wake_at, room)
else
  call("ZREM", KEYS[2], room)
end
for i = 5, 4 + held do
  call("ZREMRANGEBYSCORE", KEYS[i], "-inf", now)
  call("ZADD", KEYS[i], now + keep_ms, room)
  call("ZREMRANGEBYRANK", KEYS[i], 0, -257)
  call("PEXPIRE", KEYS[i], math.max(keep_ms, call("PTTL", KEYS[i])))
end
for i = 5 + held, before do
  call("ZREM", KEYS[i], room)
end
for i = 1, messages do
  local at = 9 + 4 * i
  post(KEYS[before + i], outbox_keep_ms, channel, where[i], players[i], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
end
return { "ok", "changed", version + 1 }
