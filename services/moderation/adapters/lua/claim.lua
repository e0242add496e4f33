-- ARGV: now, id, reviewer, end of lease, senior
local id, reviewer = ARGV[2], ARGV[3]
end_expired_leases()
if not get(id, 'summary') then return {'no_such_case'} end
if get(id, 'state') ~= 'open' then return {'not_open', fields(id)} end
local holder = get(id, 'holder')
if holder and holder ~= reviewer then return {'held', holder, get(id, 'until')} end
if not holder then
  if barred(id, reviewer) then return {'barred', fields(id)} end
  if for_seniors(id) and ARGV[5] ~= '1' then return {'seniors_only', fields(id)} end
  redis.call('HSET', hash(id), 'token', next_token())
end
lease(id, reviewer, ARGV[4])
take_up(id)
changed(id, 'claimed')
return {'claimed', fields(id)}
