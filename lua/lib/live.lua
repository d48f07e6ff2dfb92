--@include lib/value.lua

-- live_among: the values of the tickets that live among the first n of some ids, by id. false stands for no id.
local function live_among(tickets, ids, n)
  local live, held = {}, {}
  for i = 1, n do
    held[#held + 1] = ids[i] or nil
  end
  local values = #held > 0 and redis.call("HMGET", tickets, unpack(held)) or {}
  for i = 1, #held do
    live[held[i]] = values[i] and is_live(values[i]) and values[i]
  end
  return live
end
