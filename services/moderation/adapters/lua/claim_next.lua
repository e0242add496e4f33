-- ARGV: now, reviewer, end of lease, groups, opened at or before, budget, senior
local reviewer = ARGV[2]
end_expired_leases()
local opened = opened_by(ARGV[5])
local function accept(id)
  local skipped = redis.call('ZSCORE', P .. 'skip:' .. reviewer, id)
  if skipped and tonumber(skipped) > now then return false end
  if for_seniors(id) and ARGV[7] ~= '1' then return false end
  return opened(id) and not barred(id, reviewer)
end
local found = walk('free', resolve(ARGV[4]), '0', '', 1, tonumber(ARGV[6]), accept)
if #found == 0 then return {'nothing'} end
local id = found[1]
redis.call('HSET', hash(id), 'token', next_token())
lease(id, reviewer, ARGV[3])
take_up(id)
changed(id, 'claimed')
return {'claimed', id, fields(id)}
