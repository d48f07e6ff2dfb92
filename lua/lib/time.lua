-- now_ms: the reply of TIME in milliseconds.
local function now_ms(time)
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- window_from: the first instant at or after a time that is on the queue's grid: the multiples of the interval,
-- shifted by the phase. An interval of 0 has no grid.
local function window_from(time, interval, phase)
  if interval == 0 then
    return time
  end
  return time + (phase - time) % interval
end
