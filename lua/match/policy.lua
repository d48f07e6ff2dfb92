-- policy: load a policy, without a batch. READS. O(size of its source).
-- ARGV policy source names
-- RETURN {} or {problem}

--@include lib/sandbox.lua

return { sandbox(policy, source, names).check() }
