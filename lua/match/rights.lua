-- rights: try the commands of the library, as this user of Redis. WRITES. O(1). Safe to repeat: it leaves no trace.
-- KEYS meta rights
-- RETURN the names of the commands that the user has no right to, such as "XGROUP|CREATE"
--
-- The key is a hash while this runs. So commands for keys of another type fail after Redis has looked at the rights.

-- is_denied: whether the reply of a command is that the user has no right to it, in the words of any version of Redis.
local function is_denied(reply)
  local problem = type(reply) == "table" and reply.err
  return problem and (string.find(problem, "NOPERM", 1, true) or string.find(problem, "user executing", 1, true)
    or string.find(problem, "ACL failure", 1, true))
end

local tries = {
  { "HSET", rights, "a", "1" },
  { "PEXPIRE", rights, "1000" },
  { "HDEL", rights, "-" },
  { "EXISTS", rights },
  { "HEXISTS", rights, "a" },
  { "HGET", rights, "a" },
  { "HGETALL", rights },
  { "HINCRBY", rights, "b", "1" },
  { "HKEYS", rights },
  { "HLEN", rights },
  { "HMGET", rights, "a" },
  { "HSCAN", rights, "0" },
  { "HSETNX", rights, "a", "1" },
  { "LLEN", rights },
  { "LPUSH", rights, "a" },
  { "LRANGE", rights, "0", "1" },
  { "LTRIM", rights, "0", "1" },
  { "PTTL", rights },
  { "RPOP", rights, "1" },
  { "RPUSH", rights, "a" },
  { "SADD", rights, "a" },
  { "SPOP", rights, "1" },
  { "SREM", rights, "a" },
  { "SSCAN", rights, "0" },
  { "TIME" },
  { "XACK", rights, "a", "1-1" },
  { "XADD", rights, "*", "a", "1" },
  { "XAUTOCLAIM", rights, "a", "a", "1000", "0" },
  { "XDEL", rights, "1-1" },
  { "XGROUP", "CREATE", rights, "a", "0" },
  { "XGROUP", "DELCONSUMER", rights, "a", "a" },
  { "XINFO", "CONSUMERS", rights, "a" },
  { "XLEN", rights },
  { "XRANGE", rights, "-", "+" },
  { "XREAD", "STREAMS", rights, "0" },
  { "XREADGROUP", "GROUP", "a", "a", "STREAMS", rights, "0" },
  { "XREVRANGE", rights, "+", "-" },
  { "ZADD", rights, "1", "a" },
  { "ZCARD", rights },
  { "ZINCRBY", rights, "1", "a" },
  { "ZMSCORE", rights, "a" },
  { "ZRANGE", rights, "0", "1" },
  { "ZRANGEBYSCORE", rights, "0", "1" },
  { "ZREM", rights, "a" },
  { "ZREMRANGEBYRANK", rights, "0", "1" },
  { "ZREMRANGEBYSCORE", rights, "0", "1" },
  { "ZREVRANGE", rights, "0", "1" },
  { "ZREVRANGEBYSCORE", rights, "1", "0" },
  { "ZSCAN", rights, "0" },
  { "ZSCORE", rights, "a" },
  { "UNLINK", rights },
}

redis.pcall("HDEL", meta, "-") -- now a Redis that is full takes the others too
local missing = {}
for _, try in ipairs(tries) do
  if is_denied(redis.pcall(unpack(try))) then
    local subcommand = (try[1] == "XGROUP" or try[1] == "XINFO") and "|" .. try[2] or ""
    missing[#missing + 1] = try[1] .. subcommand
  end
end
return missing
