-- Walks a part of the queue in order. Put between common.lua and the scripts that search.
--
-- `base` is the set to walk; `groups` a list of lists of index names: a case must be in at least one index of
-- each, and in none of a list marked `without`. The smallest group leads and the others are asked for
-- membership, so a rare reason costs little in a long queue; lists marked `without`, `follows` or `wide` never
-- lead. `accept(id)` has the last word. Stops after `limit` cases or `budget` looked at.

-- One list in order out of several sets, read a piece at a time: joining them first would take as long as they
-- are, and everybody waits while a script runs. Returns a function that gives the next id and its order.
local function merged(keys, from_order)
  local piece = math.max(20, math.floor(100 / #keys))
  local sources, before = {}, nil
  local function advance(source)
    source.at = source.at + 2
    if source.at > #source.chunk and not source.dry then
      source.chunk = redis.call('ZRANGEBYSCORE', source.key, from_order, '+inf', 'WITHSCORES', 'LIMIT',
        source.offset, piece)
      source.offset, source.at, source.dry = source.offset + piece, 1, #source.chunk < 2 * piece
    end
    source.id, source.text = source.chunk[source.at], source.chunk[source.at + 1]
    source.order = tonumber(source.text)
  end
  for number, key in ipairs(keys) do
    sources[number] = {key = key, chunk = {}, at = -1, offset = 0, dry = false}
    advance(sources[number])
  end
  return function()
    while true do
      local first = nil
      for _, source in ipairs(sources) do
        if source.id and (not first or source.order < first.order
            or (source.order == first.order and source.id < first.id)) then
          first = source
        end
      end
      if not first then return nil end
      local id, order = first.id, first.text
      advance(first)
      if id ~= before then
        before = id
        return id, order
      end
    end
  end
end

local function walk(base, groups, after_order, after_id, limit, budget, accept)
  local lead_size, lead_group = redis.call('ZCARD', P .. base), nil
  for number, names in ipairs(groups) do
    if not names.without then
      local size = 0
      for _, name in ipairs(names) do size = size + redis.call('ZCARD', P .. 'index:' .. name) end
      if size == 0 then return {}, nil end
      if size < lead_size and not names.follows and not names.wide then lead_size, lead_group = size, number end
    end
  end
  local keys = {}
  for _, name in ipairs(groups[lead_group] or {}) do keys[#keys + 1] = P .. 'index:' .. name end
  local following = merged(lead_group and keys or {P .. base}, after_order)
  local cost = 1 + #keys / 25

  local function fits(id)
    if lead_group and not redis.call('ZSCORE', P .. base, id) then return false end
    local words = nil
    for number, names in ipairs(groups) do
      if number ~= lead_group then
        local found = false
        if names.needle then
          words = words or get(id, 'indexes') or ''
          found = string.find(words, names.needle, 1, true) ~= nil
        else
          for _, name in ipairs(names) do
            if redis.call('ZSCORE', P .. 'index:' .. name, id) then found = true break end
          end
        end
        if found == (names.without or false) then return false end
      end
    end
    return accept(id)
  end

  local found, examined, last = {}, 0, nil
  while true do
    local id, order = following()
    if not id then return found, nil end
    if tonumber(order) > tonumber(after_order) or id > after_id then
      examined = examined + cost
      last = {order, id}
      if fits(id) then found[#found + 1] = id end
      if #found >= limit or examined >= budget then return found, last end
    end
  end
end

-- groups as JSON: [{"name": "reason:x", "prefix": false}, {"names": ["reason:y", …], "without": true}, …]
-- A prefix also comes as `needle`, which is how the names that begin with it look in a case's `indexes`: more
-- names than are read here are no less found, only not led by.
local function resolve(groups)
  local resolved = {}
  for _, wanted in ipairs(cjson.decode(groups)) do
    local names = wanted.names or (wanted.prefix and starting_with(wanted.name)) or {wanted.name}
    names.without, names.follows = wanted.without, wanted.names ~= nil
    names.needle, names.wide = wanted.needle, wanted.prefix and #names >= MOST_NAMES
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

-- What this person would be given next: neither skipped by them nor theirs to leave to others.
local function first_free(reviewer, groups, opened_at, budget, senior)
  local opened = opened_by(opened_at)
  local function accept(id)
    local skipped = redis.call('ZSCORE', P .. 'skip:' .. reviewer, id)
    if skipped and tonumber(skipped) > now then return false end
    if for_seniors(id) and senior ~= '1' then return false end
    return opened(id) and not barred(id, reviewer)
  end
  return walk('free', resolve(groups), '0', '', 1, budget, accept)[1]
end
