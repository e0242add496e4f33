-- ARGV: now, id, reviewer, token, decision, answer, resolution, end of undo, releases, proposal
-- `answer` is what makes two calls the same; `resolution` and `proposal` are kept word for word.
local id, reviewer = ARGV[2], ARGV[3]
end_expired_leases()
if not get(id, 'summary') then return {'no_such_case'} end
if get(id, 'answer') == ARGV[6] then return {'repeat', fields(id)} end
if get(id, 'state') ~= 'open' then return {'not_open', fields(id)} end
if get(id, 'proposed') == ARGV[6] then return {'proposed', fields(id)} end
if not holds(id, reviewer, ARGV[4]) then return {'lost', get(id, 'holder') or ''} end
if get(id, 'decision') ~= ARGV[5] then return {'decision_changed', fields(id)} end
if get(id, 'second') == '1' and ARGV[9] == '1' then
  redis.call('HSET', hash(id), 'proposal', ARGV[10], 'proposer', reviewer, 'proposed', ARGV[6])
  redis.call('HDEL', hash(id), 'sent_back')
  put('index:share:proposed', get(id, 'order'), id)
  free(id)
  changed(id, 'proposed')
  return {'proposed', fields(id)}
end
settle(id, reviewer, ARGV[6], ARGV[7], ARGV[8])
return {'begun', fields(id)}
