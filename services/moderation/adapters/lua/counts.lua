-- ARGV: now, reviewer
end_expired_leases()
local function facet(kind)
  local counted = {}
  for _, name in ipairs(redis.call('ZRANGEBYLEX', P .. 'names', '[' .. kind, '[' .. kind .. '\255')) do
    counted[#counted + 1] = string.sub(name, #kind + 1)
    counted[#counted + 1] = redis.call('ZCARD', P .. 'index:' .. name)
  end
  return counted
end
return {
  redis.call('ZCARD', P .. 'open'), redis.call('ZCARD', P .. 'free'),
  redis.call('ZCARD', P .. 'held:' .. ARGV[2]), redis.call('ZCARD', P .. 'pending'),
  redis.call('ZCARD', P .. 'index:share:overdue'), redis.call('ZCARD', P .. 'index:share:escalated'),
  redis.call('ZCARD', P .. 'index:share:proposed'), redis.call('ZCARD', P .. 'index:share:appeals'),
  facet('reason:'), facet('distributor:'),
}
