-- ARGV: now, least
local least = math.max(tonumber(ARGV[2]), math.floor(now / 1000))
if tonumber(redis.call('GET', P .. 'token') or '0') < least then
  redis.call('SET', P .. 'token', string.format('%.0f', least))
end
