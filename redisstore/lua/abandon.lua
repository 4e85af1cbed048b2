-- Removes the record of a request that made no copy. ARGV: key, token.
-- KEYS[5] is there for a minute after this call has done so.
local key, token = unpack(ARGV)
if claimed(key, token) then
  redis.call('HDEL', records, key)
  redis.call('SREM', pending, key)
  redis.call('SET', KEYS[5], 1, 'PX', 60000)
  return {'done'}
end
if redis.call('EXISTS', KEYS[5]) == 1 then -- the answer to an earlier run was lost
  return {'done'}
end
return {'lost'}
