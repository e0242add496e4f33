-- ARGV: now, id, reviewer, end of lease
local id, reviewer = ARGV[2], ARGV[3]
end_expired_leases()
if not get(id, 'summary') then return {'no_such_case'} end
if get(id, 'state') ~= 'open' then return {'not_open', fields(id)} end
local holder = get(id, 'holder')
if holder and holder ~= reviewer then return {'held', holder, get(id, 'until')} end
if not holder then redis.call('HSET', hash(id), 'token', next_token()) end
lease(id, reviewer, ARGV[4])
changed(id, 'claimed')
return {'claimed', fields(id)}
