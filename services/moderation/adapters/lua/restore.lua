-- ARGV: now, id, decision, resolution
-- Only where that decision still stands and is open: what the worker has applied meanwhile is newer.
local id = ARGV[2]
if get(id, 'state') ~= 'open' or get(id, 'decision') ~= ARGV[3] then return end
take_out(id)
redis.call('HSET', hash(id), 'state', 'resolved_pending', 'resolution', ARGV[4], 'acknowledged', '1', 'sealed', '1')
put('pending', get(id, 'order'), id)
changed(id, 'resolved')
