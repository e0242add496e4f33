-- ARGV: now, id, reviewer, token, decision, answer, resolution
-- `answer` is what makes two calls the same; `resolution` is kept word for word.
local id = ARGV[2]
end_expired_leases()
if not get(id, 'summary') then return {'no_such_case'} end
if get(id, 'answer') == ARGV[6] then return {'repeat', fields(id)} end
if get(id, 'state') ~= 'open' then return {'not_open', fields(id)} end
if not holds(id, ARGV[3], ARGV[4]) then return {'lost', get(id, 'holder') or ''} end
if get(id, 'decision') ~= ARGV[5] then return {'decision_changed', fields(id)} end
take_out(id)
redis.call('HSET', hash(id), 'state', 'resolved_pending', 'answer', ARGV[6], 'resolution', ARGV[7],
  'acknowledged', '0')
redis.call('ZADD', P .. 'pending', get(id, 'order'), id)
redis.call('ZADD', P .. 'unsent', ARGV[1], id)
changed(id, 'resolved')
return {'begun', fields(id)}
