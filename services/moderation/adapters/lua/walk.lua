-- Walks a part of the queue in order. Put between common.lua and the scripts that search.
--
-- `base` is the set to walk; `groups` a list of lists of index names: a case must be in at least one index of
-- each, and in none of a list marked `without`. The smallest set leads and the others are asked for membership,
-- so a rare reason costs little in a long queue; lists marked `without` or `follows` never lead. `accept(id)` has the last word. Stops after `limit` cases or `budget` looked at.
local function walk(base, groups, after_order, after_id, limit, budget, accept)
  local lead, lead_size, lead_group = P .. base, redis.call('ZCARD', P .. base), nil
  for number, names in ipairs(groups) do
    if not names.without then
      local size = 0
      for _, name in ipairs(names) do size = size + redis.call('ZCARD', P .. 'index:' .. name) end
      if size == 0 then return {}, nil end
      if size < lead_size and not names.follows then lead_size, lead_group = size, number end
    end
  end
  local scratch = nil
  if lead_group then
    local keys = {}
    for _, name in ipairs(groups[lead_group]) do keys[#keys + 1] = P .. 'index:' .. name end
    lead = keys[1]
    if #keys > 1 then
      scratch = P .. 'scratch'
      local union = {scratch, #keys}
      for _, key in ipairs(keys) do union[#union + 1] = key end
      union[#union + 1] = 'AGGREGATE'
      union[#union + 1] = 'MIN'
      redis.call('ZUNIONSTORE', unpack(union))
      lead = scratch
    end
  end

  local function fits(id)
    if lead_group and not redis.call('ZSCORE', P .. base, id) then return false end
    for number, names in ipairs(groups) do
      if number ~= lead_group then
        local found = false
        for _, name in ipairs(names) do
          if redis.call('ZSCORE', P .. 'index:' .. name, id) then found = true break end
        end
        if found == (names.without or false) then return false end
      end
    end
    return accept(id)
  end

  local found, examined, offset, last = {}, 0, 0, nil
  local more = true
  while more and #found < limit and examined < budget do
    local chunk = redis.call('ZRANGEBYSCORE', lead, after_order, '+inf', 'WITHSCORES', 'LIMIT', offset, 100)
    more = #chunk == 200
    offset = offset + 100
    for at = 1, #chunk, 2 do
      local id, order = chunk[at], chunk[at + 1]
      if tonumber(order) > tonumber(after_order) or id > after_id then
        examined = examined + 1
        last = {order, id}
        if fits(id) then found[#found + 1] = id end
        if #found >= limit or examined >= budget then more = true break end
      end
    end
  end
  if scratch then redis.call('DEL', scratch) end
  return found, more and last or nil
end

-- groups as JSON: [{"name": "reason:x", "prefix": false}, {"names": ["reason:y", …], "without": true}, …]
local function resolve(groups)
  local resolved = {}
  for _, wanted in ipairs(cjson.decode(groups)) do
    local names = wanted.names or (wanted.prefix and starting_with(wanted.name)) or {wanted.name}
    names.without, names.follows = wanted.without, wanted.names ~= nil
    resolved[#resolved + 1] = names
  end
  return resolved
end

local function opened_by(limit)
  return function(id)
    if limit == '' then return true end
    local opened = redis.call('ZSCORE', P .. 'opened', id)
    return opened and tonumber(opened) <= tonumber(limit)
  end
end
