-- post: tell players something. WRITES. O(messages). Safe to repeat: what is among an outbox's newest 16 stays once.
-- KEYS[1] meta  KEYS[2] online  KEYS[3..] outbox of each message
-- ARGV[1] fingerprint  ARGV[2] keep_ms  ARGV[3] channel: what the names of the nodes' channels begin with
-- ARGV[4..] four a message: player, event, key, data
-- RETURN {"ok", posted} or {"config", stored}
--
-- A message is known by its key. The outbox is what counts; the channel only carries it there sooner.

local call = redis.call
--@include lib/post.lua

-- posted_before: whether a key is that of one of an outbox's newest messages.
local function posted_before(outbox, key)
  for _, entry in ipairs(call("XREVRANGE", outbox, "+", "-", "COUNT", 16)) do
    if entry[2][4] == key then
      return true
    end
  end
  return false
end

local fingerprint, keep_ms, channel = ARGV[1], ARGV[2], ARGV[3]
local messages = #KEYS - 2
if messages < 1 or #ARGV ~= 3 + 4 * messages then
  return redis.error_reply("MATCHQ_BADARG post: messages and arguments do not fit")
end
local stored = call("HGET", KEYS[1], "config")
if stored ~= fingerprint then
  return { "config", stored or "" }
end
local players = {}
for i = 1, messages do
  players[i] = ARGV[4 * i]
end
local where = call("HMGET", KEYS[2], unpack(players))
local posted = 0
for i = 1, messages do
  local at = 4 * i
  if not posted_before(KEYS[2 + i], ARGV[at + 2]) then
    post(KEYS[2 + i], keep_ms, channel, where[i], players[i], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
    posted = posted + 1
  end
end
return { "ok", posted }
