--@include lib/presence.lua

-- A mailbox is a stream of messages to one player, the newest 256: event <name> key <dedup key> data <JSON>. The id of
-- an entry is the message's seq.

-- message_key: the dedup key of a message, from the fields of its entry.
local function message_key(fields)
  return fields[4]
end

-- send: put a message into a player's mailbox, which is kept for keep_ms from now on. where is the player's value in
-- the online hash, false if there is none. If the player is connected, the message is added to news: the messages for
-- each node, as nodes read them: player TAB seq TAB event TAB key TAB data. None of these has a newline.
local function send(mailbox, keep_ms, news, where, player, event, key, data)
  local seq = redis.call("XADD", mailbox, "MAXLEN", 256, "*", "event", event, "key", key, "data", data)
  redis.call("PEXPIRE", mailbox, keep_ms)
  if is_connected(where) then
    local node = node_of(where)
    local lines = news[node] or {}
    news[node] = lines
    lines[#lines + 1] = table.concat({ player, seq, event, key, data }, "\t")
  end
end

-- publish_news: publish the messages for each node to it, all at once. channel is the prefix of the nodes' channels.
local function publish_news(channel, news)
  for node, lines in pairs(news) do
    redis.call("PUBLISH", channel .. node, "m\t" .. table.concat(lines, "\n"))
  end
end
