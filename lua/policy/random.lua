-- random: a fair shuffle (Fisher-Yates) of the batch; those left over are random too.
local function random(batch, size)
  local order = {}
  for i = 1, batch.n do
    local j = math.random(i)
    order[i] = order[j]
    order[j] = i
  end
  for i = batch.n, batch.n - batch.n % size + 1, -1 do
    order[i] = nil
  end
  return order
end
