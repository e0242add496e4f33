-- ARGV: now, resolved at or before
local cases = {}
for at, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'unsent', '-inf', ARGV[2], 'LIMIT', 0, 100)) do
  cases[at] = {id, fields(id)}
end
return cases
