-- fifo: the oldest tickets are matched first, each with the next in line.
local function fifo(batch, size)
  return batch.n - batch.n % size
end
