-- ARGV: now, id, sequence, decision, order, opened, summary, indexes, described
local id, sequence = ARGV[2], tonumber(ARGV[3])
end_expired_leases()
local standing = tonumber(get(id, 'sequence') or '0')
local state = get(id, 'state')
if sequence < standing then return 'older' end
if sequence == standing then
  if state ~= 'open' or get(id, 'described') == '1' or ARGV[9] == '0' then return 'repeat' end
end
local updating = state == 'open'
local holder = get(id, 'holder')
if updating then
  unindex(id)
else
  redis.call('ZREM', P .. 'pending', id)
  redis.call('ZREM', P .. 'unsent', id)
  redis.call('HDEL', hash(id), 'resolution', 'answer', 'acknowledged')
end
redis.call('HSET', hash(id), 'state', 'open', 'sequence', ARGV[3], 'decision', ARGV[4], 'order', ARGV[5],
  'summary', ARGV[7], 'indexes', ARGV[8], 'described', ARGV[9])
redis.call('ZADD', P .. 'open', ARGV[5], id)
redis.call('ZADD', P .. 'opened', ARGV[6], id)
redis.call('ZADD', P .. (holder and 'held:' .. holder or 'free'), ARGV[5], id)
index(id, ARGV[5])
local what = 'opened'
if updating then what = sequence == standing and 'described' or 'updated' end
changed(id, what)
return what
