-- ARGV: now, reviewer, groups, opened at or before, budget, senior
end_expired_leases()
local id = first_free(ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6])
return id and fields(id) or {}
