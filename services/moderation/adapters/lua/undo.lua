-- ARGV: now, id, reviewer, event id, end of lease
-- Back under a new token: the answer that was taken back must not share its id with the next one.
local id, reviewer = ARGV[2], ARGV[3]
end_expired_leases()
if not get(id, 'summary') then return {'no_such_case'} end
local state = get(id, 'state')
if state == 'resolved_pending' then
  local resolution = cjson.decode(get(id, 'resolution'))
  if resolution.event_id ~= ARGV[4] or get(id, 'maker') ~= reviewer then return {'too_late', fields(id)} end
  if get(id, 'sealed') or tonumber(get(id, 'undo_until') or '0') <= now then return {'too_late', fields(id)} end
  pull('pending', id)
  redis.call('ZREM', P .. 'unsent', id)
  redis.call('HDEL', hash(id), 'resolution', 'answer', 'acknowledged', 'maker', 'undo_until')
  redis.call('HSET', hash(id), 'state', 'open')
  put_in(id)
  set_due(id, get(id, get(id, 'taken_up') and 'later_due' or 'due'))
elseif state == 'open' and not get(id, 'holder') and get(id, 'proposer') == reviewer then
  if cjson.decode(get(id, 'proposal')).proposal_id ~= ARGV[4] then return {'too_late', fields(id)} end
  drop_proposal(id)
else
  return {'too_late', fields(id)}
end
redis.call('HSET', hash(id), 'token', next_token())
lease(id, reviewer, ARGV[5])
changed(id, 'undone')
return {'undone', fields(id)}
