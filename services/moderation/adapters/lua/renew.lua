-- ARGV: now, id, reviewer, token, end of lease
local id = ARGV[2]
end_expired_leases()
if not get(id, 'summary') then return {'no_such_case'} end
if not holds(id, ARGV[3], ARGV[4]) then return {'lost', get(id, 'holder') or ''} end
lease(id, ARGV[3], ARGV[5])
return {'renewed'}
