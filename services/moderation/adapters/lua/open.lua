-- ARGV: now, id, sequence, decision, order, opened, summary, indexes, described, due, later due, appeal,
--       second, barred, filed, signature
local id, sequence = ARGV[2], tonumber(ARGV[3])
end_expired_leases()
local standing = tonumber(get(id, 'sequence') or '0')
local state = get(id, 'state')
-- An appeal against the decision that the case followed already: the later one of both counts.
local newer_appeal = ARGV[15] ~= '' and tonumber(ARGV[15]) > tonumber(get(id, 'filed') or '0')
if sequence < standing then return 'older' end
if sequence == standing then
  if state ~= 'open' then return 'repeat' end
  if not newer_appeal and (get(id, 'described') == '1' or ARGV[9] == '0') then return 'repeat' end
end
local updating = state == 'open'
local due_before = updating and get(id, get(id, 'taken_up') and 'later_due' or 'due')
if updating then
  unindex(id)
else
  pull('pending', id)
  redis.call('ZREM', P .. 'unsent', id)
  redis.call('HDEL', hash(id), 'resolution', 'answer', 'acknowledged', 'maker', 'undo_until', 'sealed',
    'sent_back', 'escalated', 'taken_up')
end
if sequence > standing or newer_appeal then drop_proposal(id) end
if updating and newer_appeal and not get(id, 'holder') then redis.call('HDEL', hash(id), 'taken_up') end
sign(id, ARGV[16])
redis.call('HSET', hash(id), 'state', 'open', 'sequence', ARGV[3], 'decision', ARGV[4], 'order', ARGV[5],
  'opened', ARGV[6], 'summary', ARGV[7], 'indexes', ARGV[8], 'described', ARGV[9], 'due', ARGV[10],
  'later_due', ARGV[11], 'appeal', ARGV[12], 'second', ARGV[13], 'barred', ARGV[14])
if newer_appeal then redis.call('HSET', hash(id), 'filed', ARGV[15]) end
put_in(id)
if redis.call('ZSCORE', P .. 'index:share:overdue', id) then
  put('index:share:overdue', ARGV[5], id)
end
local due = ARGV[get(id, 'taken_up') and 11 or 10]
if due_before ~= due then set_due(id, due) end
local what = 'opened'
if updating then what = sequence == standing and not newer_appeal and 'described' or 'updated' end
changed(id, what)
return what
