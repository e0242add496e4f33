-- ARGV: now, id, reviewer, token, proposal id, answer, resolution, end of undo
local id, reviewer = ARGV[2], ARGV[3]
end_expired_leases()
if not get(id, 'summary') then return {'no_such_case'} end
if get(id, 'answer') == ARGV[6] then return {'repeat', fields(id)} end
if get(id, 'state') ~= 'open' then return {'not_open', fields(id)} end
if not holds(id, reviewer, ARGV[4]) then return {'lost', get(id, 'holder') or ''} end
local proposal = get(id, 'proposal')
if not proposal or cjson.decode(proposal).proposal_id ~= ARGV[5] or get(id, 'proposer') == reviewer then
  return {'proposal_changed', fields(id)}
end
settle(id, reviewer, ARGV[6], ARGV[7], ARGV[8])
return {'begun', fields(id)}
