--@include lib/presence.lua

-- An outbox is a stream of what one player is told, the newest 256 messages: event <name> key <text> data <JSON>.
-- The id of an entry is the message's seq.

-- post: put a message into a player's outbox, which is kept for keep_ms from now on, and wake the node the player is
-- on. where is the player's value in the online hash, false if there is none; channel is what the names of the nodes'
-- channels begin with.
local function post(outbox, keep_ms, channel, where, player, event, key, data)
  local seq = redis.call("XADD", outbox, "MAXLEN", 256, "*", "event", event, "key", key, "data", data)
  redis.call("PEXPIRE", outbox, keep_ms)
  if is_here(where) then
    redis.call("PUBLISH", channel .. node_of(where), table.concat({ "m", player, seq, event, key, data }, "\t"))
  end
end
