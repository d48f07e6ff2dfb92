--@include lib/record.lua

-- put_in_front: put tickets (id, record, …), oldest first, at the head of a queue's line, in front of all but released
-- ones that have waited longer. While a batch is under way the head of the line is the list of passed tickets, which
-- return when it is done: the batch itself takes no more.
local function put_in_front(tickets, batches, queue, waiting, passed, lines)
  local stored = redis.call("HGET", batches, queue)
  local list, most = stored and passed or waiting, 64
  local head = redis.call("LRANGE", list, 0, most - 1)
  local values = #head > 0 and redis.call("HMGET", tickets, unpack(head)) or {}
  local ids, before = {}, 0
  for i = 1, #lines, 2 do
    local since = enqueued_at(lines[i + 1])
    local first = values[before + 1]
    while first and expires_at(first) and predecessor_of(first) and enqueued_at(first) <= since do
      before = before + 1
      ids[#ids + 1], first = head[before], values[before + 1]
    end
    ids[#ids + 1] = lines[i]
  end
  if before > 0 then
    redis.call("LTRIM", list, before, -1)
  end
  local back = {}
  for i = #ids, 1, -1 do
    back[#back + 1] = ids[i]
  end
  redis.call("LPUSH", list, unpack(back))
  local remaining, count, rest = string.match(stored or "", "^(%d+) (%d+)(.*)$")
  if remaining then -- else the batch's value does not count passed tickets
    redis.call("HSET", batches, queue, remaining .. " " .. string.format("%d", count + #lines / 2) .. rest)
  end
end
