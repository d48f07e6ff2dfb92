-- identity: which Redis this is, and its time. READS. O(1).
-- KEYS meta
-- RETURN {replication, born, now_ms}: the replication id ("": not told), when the namespace came into being
--   ("": not yet), and the time

--@include lib/time.lua
--@include lib/identity.lua

local replication, born = identity(meta)
return { replication, born, now_ms(call("TIME")) }
