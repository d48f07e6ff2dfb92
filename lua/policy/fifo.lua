-- fifo: the oldest tickets are matched first, each with the next in line.
return function(batch, size)
  return batch.n - batch.n % size
end
