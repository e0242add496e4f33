-- ARGV: now, undo window ended at or before
local cases = {}
for at, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'unsent', '-inf', ARGV[2], 'LIMIT', 0, 100)) do
  redis.call('HSET', hash(id), 'sealed', '1')
  cases[at] = {id, fields(id)}
end
return cases
