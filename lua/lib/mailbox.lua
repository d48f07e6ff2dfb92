--@include lib/presence.lua

-- A mailbox is a stream of messages to one player, the newest 256: event <name> key <dedup key> data <JSON>. The id of
-- an entry is the message's seq.

-- message_key: the dedup key of a message, from the fields of its entry.
local function message_key(fields)
  return fields[4]
end

-- send: put a message into a player's mailbox, which is kept for keep_ms from now on, and publish it to the node of the
-- player's connection. where is the player's value in the online hash, false if there is none; channel is the prefix
-- of the nodes' channels.
local function send(mailbox, keep_ms, channel, where, player, event, key, data)
  local seq = redis.call("XADD", mailbox, "MAXLEN", 256, "*", "event", event, "key", key, "data", data)
  redis.call("PEXPIRE", mailbox, keep_ms)
  if is_connected(where) then
    redis.call("PUBLISH", channel .. node_of(where), table.concat({ "m", player, seq, event, key, data }, "\t"))
  end
end
