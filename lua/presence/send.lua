-- send: put messages into mailboxes. WRITES. O(messages). Safe to repeat: a key among a mailbox's newest 16 is known.
-- WHEN FULL goes on
-- GUARDED
-- KEYS meta online
-- KEYS for each row: mailbox
-- ARGV keep_ms channel (prefix of the nodes' channels)
-- ARGV for each row: player event dedup_key data
-- RETURN {"ok", sent} or {"config", stored}
--
-- The mailbox is authoritative; the channel only carries a message to its node sooner.

--@include lib/mailbox.lua

-- sent_before: whether a key is that of one of a mailbox's newest messages.
local function sent_before(box, key)
  for _, entry in ipairs(call("XREVRANGE", box, "+", "-", "COUNT", 16)) do
    if message_key(entry[2]) == key then
      return true
    end
  end
  return false
end

local names = {}
for row = 1, rows do
  names[row] = player[row]
end
local where = call("HMGET", online, unpack(names))
local sent, news = 0, {}
for row = 1, rows do
  if not sent_before(mailbox[row], dedup_key[row]) then
    send(mailbox[row], keep_ms, news, where[row], names[row], event[row], dedup_key[row], data[row])
    sent = sent + 1
  end
end
publish_news(channel, news)
return { "ok", sent }
