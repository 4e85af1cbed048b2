-- Stores a record that is done. ARGV: key, token, age, record, ref, nonce.
local key, token, age, record, ref, nonce = unpack(ARGV)
local r = load(key)
if r and r.done and r.nonce == nonce then -- the answer to an earlier run was lost
  return {'done'}
end
r = claimed(key, token)
if not r then
  return {'lost'}
end
local owner = redis.call('HGET', owners, ref)
if owner and owner ~= key then
  return {'taken'}
end
r.lease, r.since = 0, math.min(r.since, before(age))
r.done, r.nonce, r.ref, r.record = true, nonce, ref, record
save(key, r)
redis.call('SREM', pending, key)
redis.call('HSET', owners, ref, key)
return {'done'}
