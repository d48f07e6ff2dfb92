-- identity: which Redis this is. READS. O(1).
-- KEYS meta
-- RETURN {replication, born}: the replication id ("": not told), and when the namespace came into being ("": not yet)

--@include lib/identity.lua

return { identity(meta) }
