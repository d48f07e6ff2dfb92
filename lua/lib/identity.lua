-- identity: the mark of this Redis, and of this life of the namespace: the replication id, and
-- meta's born. The id is "" where INFO fails or is not allowed; born is "" before the first write.
local function identity(meta)
  local info = redis.pcall("INFO", "replication")
  local id = type(info) == "string" and string.match(info, "master_replid:(%x+)")
  return id or "", redis.call("HGET", meta, "born") or ""
end
