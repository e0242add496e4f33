-- ARGV: now, base set, groups, opened at or before, after order, after id, limit, budget
end_expired_leases()
local found, last = walk(ARGV[2], resolve(ARGV[3]), ARGV[5], ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8]),
  opened_by(ARGV[4]))
local cases = {}
for at, id in ipairs(found) do cases[at] = {id, fields(id)} end
return {cases, last or {}}
