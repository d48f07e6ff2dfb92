-- fifo: the oldest tickets are matched first, each with the next in line.
return function(batch, size)
  local order = {}
  for i = 1, batch.n - batch.n % size do
    order[i] = i
  end
  return order
end
