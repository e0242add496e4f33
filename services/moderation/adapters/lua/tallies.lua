-- ARGV: now, reviewer
end_expired_leases()
local held = {}
for _, id in ipairs(redis.call('ZRANGE', P .. 'held:' .. ARGV[2], 0, -1)) do
  held[#held + 1] = get(id, 'signature')
  held[#held + 1] = '1'
end
local found = {held}
for _, set in ipairs(TALLIED) do found[#found + 1] = redis.call('HGETALL', P .. 'tally:' .. set) end
return found
