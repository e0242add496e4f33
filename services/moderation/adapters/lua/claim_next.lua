-- ARGV: now, reviewer, end of lease, groups, opened at or before, budget, senior
local reviewer = ARGV[2]
end_expired_leases()
local id = first_free(reviewer, ARGV[4], ARGV[5], tonumber(ARGV[6]), ARGV[7])
if not id then return {'nothing'} end
redis.call('HSET', hash(id), 'token', next_token())
lease(id, reviewer, ARGV[3])
take_up(id)
changed(id, 'claimed')
return {'claimed', id, fields(id)}
