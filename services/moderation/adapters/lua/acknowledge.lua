-- ARGV: now, id, event id
local id = ARGV[2]
local resolution = get(id, 'resolution')
if resolution and cjson.decode(resolution).event_id == ARGV[3] then
  redis.call('HSET', hash(id), 'acknowledged', '1')
  redis.call('ZREM', P .. 'unsent', id)
  if get(id, 'appeal') == '1' and get(id, 'state') == 'resolved_pending' then
    pull('pending', id)
    redis.call('HSET', hash(id), 'state', 'closed')
    changed(id, 'closed')
  end
end
