-- ARGV: now, id, reviewer, end of skip
local id, reviewer = ARGV[2], ARGV[3]
end_expired_leases()
if not get(id, 'summary') then return {'no_such_case'} end
if get(id, 'state') ~= 'open' then return {'not_open', fields(id)} end
local skips = P .. 'skip:' .. reviewer
redis.call('ZREMRANGEBYSCORE', skips, '-inf', ARGV[1])
redis.call('ZADD', skips, ARGV[4], id)
if get(id, 'holder') == reviewer then
  free(id)
  changed(id, 'released')
end
return {'skipped'}
