-- ARGV: now, id
-- What was set aside goes back, where the decision that it was said about still stands and waits.
local id = ARGV[2]
local kept = redis.call('HGET', P .. 'aside', id)
if not kept then return 'nothing' end
redis.call('HDEL', P .. 'aside', id)
local said = cjson.decode(kept)
local there = get(id, 'resolution')
if said.resolution and there and cjson.decode(there).event_id == cjson.decode(said.resolution).event_id then
  return 'sent'
end
if get(id, 'state') ~= 'open' or get(id, 'decision') ~= said.decision then return 'outdated' end
if said.resolution then
  settle(id, said.maker, said.answer, said.resolution, said.undo_until)
  if said.sealed then redis.call('HSET', hash(id), 'sealed', said.sealed) end
  return 'answer'
end
redis.call('HSET', hash(id), 'proposal', said.proposal, 'proposer', said.proposer, 'proposed', said.proposed)
put('index:share:proposed', get(id, 'order'), id)
changed(id, 'proposed')
return 'proposal'
