-- Put before every script. KEYS[1] is the prefix of the queue's keys, ARGV[1] the present in milliseconds.
--
--   case:<id>      hash    state, sequence, decision, order, opened, summary, indexes, signature, described,
--                          due, later_due, taken_up, appeal, filed, second, barred, holder, token, until,
--                          proposal, proposer, proposed, sent_back, escalated,
--                          resolution, answer, acknowledged, maker, undo_until, sealed
--   open           zset    id by order: waits for a person, claimed or not
--   free           zset    id by order: open and unclaimed
--   held:<who>     zset    id by order: open and claimed by that reviewer
--   pending        zset    id by order: resolved, policy's decision is awaited
--   leases         zset    id by end of lease (ms)
--   unsent         zset    id by end of the undo window (ms): the broker has not acknowledged it
--   due            zset    id by due time (ms), of open cases that are not overdue yet
--   breaches       string  how often a due time passed
--   opened         zset    id by time of the decision that opened it (ms), of open cases
--   skip:<who>     zset    id by end of skip (ms)
--   index:<name>   zset    id by order, of open cases; <name> is reason:…, distributor:…, word:… or
--                          share:overdue, share:escalated, share:proposed, share:appeals
--   tally:<set>    hash    how many cases of each signature are in open, free, pending and the shares; a
--                          signature is the reasons and the distributor that a case is indexed under
--   names          zset    the <name>s in use, all with score 0, for ranges by prefix
--   token          string  the last fencing token
--   changes        channel "<what> <id> <signature>" after every change
--
-- Orders and times stay strings on their way through: Lua would print them with 14 digits.
local P = KEYS[1]
local now = tonumber(ARGV[1])

local function hash(id) return P .. 'case:' .. id end
local function get(id, field) return redis.call('HGET', hash(id), field) end
local function fields(id) return redis.call('HGETALL', hash(id)) end
local function known(id) return redis.call('EXISTS', hash(id)) == 1 end
local function changed(id, what)
  redis.call('PUBLISH', P .. 'changes', what .. ' ' .. id .. ' ' .. (get(id, 'signature') or ''))
end

-- Into and out of the sets that are counted for people who work on a part of the queue only.
local TALLIED = {'open', 'free', 'pending', 'index:share:overdue', 'index:share:escalated',
  'index:share:proposed', 'index:share:appeals'}

local function tally(set, signature, by)
  if redis.call('HINCRBY', P .. 'tally:' .. set, signature, by) == 0 then
    redis.call('HDEL', P .. 'tally:' .. set, signature)
  end
end

local function put(set, order, id)
  if redis.call('ZADD', P .. set, order, id) == 1 then tally(set, get(id, 'signature'), 1) end
end

local function pull(set, id)
  if redis.call('ZREM', P .. set, id) == 1 then tally(set, get(id, 'signature'), -1) end
end

local function sign(id, signature)
  local before = get(id, 'signature')
  if before == signature then return end
  redis.call('HSET', hash(id), 'signature', signature)
  for _, set in ipairs(TALLIED) do
    if redis.call('ZSCORE', P .. set, id) then
      tally(set, before, -1)
      tally(set, signature, 1)
    end
  end
end

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
  put('free', get(id, 'order'), id)
end

-- Due times that have passed are counted once each. At most so many at a time: the rest is the next call's.
local function mark_breaches()
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'due', '-inf', ARGV[1], 'LIMIT', 0, 1000)) do
    redis.call('ZREM', P .. 'due', id)
    put('index:share:overdue', get(id, 'order'), id)
    local due = get(id, get(id, 'taken_up') and 'later_due' or 'due')
    if get(id, 'breached') ~= due then
      redis.call('HSET', hash(id), 'breached', due)
      redis.call('INCR', P .. 'breaches')
      changed(id, 'overdue')
    end
  end
end

-- Leases that have run out give their cases back; every script that looks at claims begins with it.
local function end_expired_leases()
  mark_breaches()
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'leases', '-inf', ARGV[1])) do
    free(id)
    changed(id, 'lapsed')
  end
end

local function holds(id, reviewer, token)
  return get(id, 'holder') == reviewer and get(id, 'token') == token
end

local function lease(id, reviewer, lease_until)
  pull('free', id)
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

local function set_due(id, due)
  pull('index:share:overdue', id)
  redis.call('ZREM', P .. 'due', id)
  if due and due ~= '' then redis.call('ZADD', P .. 'due', due, id) end
end

-- Out of everything that concerns open cases.
local function take_out(id)
  unindex(id)
  end_lease(id)
  set_due(id, nil)
  redis.call('ZREM', P .. 'opened', id)
  for _, set in ipairs({'open', 'free', 'index:share:escalated', 'index:share:proposed',
    'index:share:appeals'}) do
    pull(set, id)
  end
end

-- Into everything that concerns open cases, but its due time; the case is free where nobody holds it.
local function put_in(id)
  local order, holder = get(id, 'order'), get(id, 'holder')
  put('open', order, id)
  redis.call('ZADD', P .. 'opened', get(id, 'opened'), id)
  if holder then
    redis.call('ZADD', P .. 'held:' .. holder, order, id)
  else
    put('free', order, id)
  end
  if get(id, 'escalated') then put('index:share:escalated', order, id) end
  if get(id, 'proposer') then put('index:share:proposed', order, id) end
  if get(id, 'appeal') == '1' then put('index:share:appeals', order, id) end
  index(id, order)
end

-- Who must leave this case to others: its proposer, and who decided before.
local function barred(id, reviewer)
  if get(id, 'proposer') == reviewer then return true end
  return string.find(get(id, 'barred') or '', ' ' .. reviewer .. ' ', 1, true) ~= nil
end

-- What was escalated, and what waits for a second person.
local function for_seniors(id)
  return get(id, 'escalated') or get(id, 'proposer')
end

local function drop_proposal(id)
  redis.call('HDEL', hash(id), 'proposal', 'proposer', 'proposed')
  pull('index:share:proposed', id)
end

-- The first claim of an appeal takes it up; the clock for deciding runs from the start all the same.
local function take_up(id)
  if get(id, 'appeal') == '1' and not get(id, 'taken_up') then
    redis.call('HSET', hash(id), 'taken_up', ARGV[1])
    set_due(id, get(id, 'later_due'))
  end
end

-- A person has answered: out of everyone's reach, and from the end of the window on, out to the broker.
local function settle(id, maker, answer, resolution, undo_until)
  take_out(id)
  redis.call('HSET', hash(id), 'state', 'resolved_pending', 'answer', answer, 'resolution', resolution,
    'acknowledged', '0', 'maker', maker, 'undo_until', undo_until)
  if tonumber(undo_until) <= now then redis.call('HSET', hash(id), 'sealed', '1') end
  put('pending', get(id, 'order'), id)
  redis.call('ZADD', P .. 'unsent', undo_until, id)
  changed(id, 'resolved')
end

local MOST_NAMES = 100

local function starting_with(name)
  return redis.call('ZRANGEBYLEX', P .. 'names', '[' .. name, '[' .. name .. '\255', 'LIMIT', 0, MOST_NAMES)
end
