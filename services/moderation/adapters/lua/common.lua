-- Put before every script. KEYS[1] is the prefix of the queue's keys, ARGV[1] the present in milliseconds.
--
--   case:<id>      hash    state, sequence, decision, order, opened, summary, indexes, described,
--                          holder, token, until, resolution, answer, acknowledged
--   open           zset    id by order: waits for a person, claimed or not
--   free           zset    id by order: open and unclaimed
--   held:<who>     zset    id by order: open and claimed by that reviewer
--   pending        zset    id by order: resolved, policy's decision is awaited
--   leases         zset    id by end of lease (ms)
--   unsent         zset    id by time of resolution (ms): the broker has not acknowledged it
--   opened         zset    id by time of the decision that opened it (ms), of open cases
--   skip:<who>     zset    id by end of skip (ms)
--   index:<name>   zset    id by order, of open cases; <name> is reason:…, distributor:… or word:…
--   names          zset    the <name>s in use, all with score 0, for ranges by prefix
--   token          string  the last fencing token
--   changes        channel "<what> <id>" after every change
--
-- Orders and times stay strings on their way through: Lua would print them with 14 digits.
local P = KEYS[1]
local now = tonumber(ARGV[1])

local function hash(id) return P .. 'case:' .. id end
local function get(id, field) return redis.call('HGET', hash(id), field) end
local function fields(id) return redis.call('HGETALL', hash(id)) end
local function known(id) return redis.call('EXISTS', hash(id)) == 1 end
local function changed(id, what) redis.call('PUBLISH', P .. 'changes', what .. ' ' .. id) end

local function end_lease(id)
  local holder = get(id, 'holder')
  if holder then
    redis.call('ZREM', P .. 'held:' .. holder, id)
    redis.call('ZREM', P .. 'leases', id)
    redis.call('HDEL', hash(id), 'holder', 'token', 'until')
  end
end

local function free(id)
  end_lease(id)
  redis.call('ZADD', P .. 'free', get(id, 'order'), id)
end

-- Leases that have run out give their cases back; every script that looks at claims begins with it.
local function end_expired_leases()
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'leases', '-inf', ARGV[1])) do
    free(id)
    changed(id, 'lapsed')
  end
end

local function holds(id, reviewer, token)
  return get(id, 'holder') == reviewer and get(id, 'token') == token
end

local function lease(id, reviewer, lease_until)
  redis.call('ZREM', P .. 'free', id)
  redis.call('ZADD', P .. 'leases', lease_until, id)
  redis.call('ZADD', P .. 'held:' .. reviewer, get(id, 'order'), id)
  redis.call('ZREM', P .. 'skip:' .. reviewer, id)
  redis.call('HSET', hash(id), 'holder', reviewer, 'until', lease_until)
end

-- Grows for ever. Begins at the clock's seconds, so that an emptied Redis does not give out old tokens again.
local function next_token()
  redis.call('SET', P .. 'token', string.format('%.0f', math.floor(now / 1000)), 'NX')
  return string.format('%.0f', redis.call('INCR', P .. 'token'))
end

local function unindex(id)
  for _, name in ipairs(cjson.decode(get(id, 'indexes') or '[]')) do
    redis.call('ZREM', P .. 'index:' .. name, id)
    if redis.call('EXISTS', P .. 'index:' .. name) == 0 then redis.call('ZREM', P .. 'names', name) end
  end
end

local function index(id, order)
  for _, name in ipairs(cjson.decode(get(id, 'indexes'))) do
    redis.call('ZADD', P .. 'index:' .. name, order, id)
    redis.call('ZADD', P .. 'names', 0, name)
  end
end

-- Out of everything that concerns open cases.
local function take_out(id)
  unindex(id)
  end_lease(id)
  for _, set in ipairs({'open', 'free', 'opened'}) do redis.call('ZREM', P .. set, id) end
end

local function starting_with(name)
  return redis.call('ZRANGEBYLEX', P .. 'names', '[' .. name, '[' .. name .. '\255', 'LIMIT', 0, 100)
end
