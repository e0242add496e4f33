-- ARGV: now, keys
-- For a rebuild: what people said that Kafka does not know yet is set aside before its case goes.
local cases = P .. 'case:'
for at = 2, #ARGV do
  local key = ARGV[at]
  if string.sub(key, 1, #cases) == cases then
    local id = string.sub(key, #cases + 1)
    local said = {decision = get(id, 'decision')}
    if get(id, 'state') == 'resolved_pending' and get(id, 'acknowledged') == '0' then
      for _, name in ipairs({'resolution', 'answer', 'maker', 'undo_until', 'sealed'}) do said[name] = get(id, name) end
    elseif get(id, 'state') == 'open' and get(id, 'proposal') then
      for _, name in ipairs({'proposal', 'proposer', 'proposed'}) do said[name] = get(id, name) end
    end
    if said.resolution or said.proposal then redis.call('HSET', P .. 'aside', id, cjson.encode(said)) end
  end
  redis.call('UNLINK', key)
end
