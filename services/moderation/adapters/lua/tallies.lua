-- ARGV: now, reviewer
end_expired_leases()
local found = {redis.call('ZCARD', P .. 'held:' .. ARGV[2])}
for _, set in ipairs(TALLIED) do found[#found + 1] = redis.call('HGETALL', P .. 'tally:' .. set) end
return found
