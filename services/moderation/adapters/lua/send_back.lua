-- ARGV: now, id, reviewer, token, proposal id, word
local id = ARGV[2]
end_expired_leases()
if not get(id, 'summary') then return {'no_such_case'} end
if not holds(id, ARGV[3], ARGV[4]) then return {'lost', get(id, 'holder') or ''} end
local proposal = get(id, 'proposal')
if not proposal or cjson.decode(proposal).proposal_id ~= ARGV[5] then
  return {'proposal_changed', fields(id)}
end
drop_proposal(id)
redis.call('HSET', hash(id), 'sent_back', ARGV[6])
free(id)
changed(id, 'sent_back')
return {'sent_back'}
