-- ARGV: now, id, reviewer, token, word
local id = ARGV[2]
end_expired_leases()
if not get(id, 'summary') then return {'no_such_case'} end
if not holds(id, ARGV[3], ARGV[4]) then return {'lost', get(id, 'holder') or ''} end
redis.call('HSET', hash(id), 'escalated', ARGV[5])
put('index:share:escalated', get(id, 'order'), id)
free(id)
changed(id, 'escalated')
return {'escalated'}
