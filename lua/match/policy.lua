-- policy: load the matching policy, without a batch. READS. O(size of its source).
-- RETURN {} or {problem}

--@policy

return { guest and guest.check() }
