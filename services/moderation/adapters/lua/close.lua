-- ARGV: now, id, sequence, decision
local id, sequence = ARGV[2], tonumber(ARGV[3])
local state = get(id, 'state')
local standing = tonumber(get(id, 'sequence') or '0')
if sequence < standing then return 'older' end
if sequence == standing then return 'repeat' end
-- A first decision has nothing before it that could still arrive: no need to remember the track.
if not state and sequence == 1 then return 'no_case' end
take_out(id)
pull('pending', id)
redis.call('ZREM', P .. 'unsent', id)
redis.call('HSET', hash(id), 'state', 'closed', 'sequence', ARGV[3], 'decision', ARGV[4], 'acknowledged', '1')
drop_proposal(id)
redis.call('HDEL', hash(id), 'sent_back', 'escalated')
if not state or not get(id, 'summary') then return 'no_case' end
changed(id, 'closed')
return 'closed'
