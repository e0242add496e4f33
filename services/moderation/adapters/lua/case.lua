-- ARGV: now, id
end_expired_leases()
return fields(ARGV[2])
