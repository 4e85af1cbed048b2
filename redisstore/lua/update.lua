-- Stores a record and lets its lease run from now on. ARGV: key, token, lease,
-- age, record. With a lease of zero it is given up.
local key, token, lease, age, record = unpack(ARGV)
local r = claimed(key, token)
if not r then
  return {'lost'}
end
r.lease = tonumber(lease) > 0 and now + tonumber(lease) or 0
r.since = math.min(r.since, before(age))
r.record = record
save(key, r)
return {'done'}
