-- Removes the record of a key, whatever it says. ARGV: key.
local r = load(ARGV[1])
if r then
  redis.call('HDEL', records, ARGV[1])
  redis.call('SREM', pending, ARGV[1])
  if redis.call('HGET', owners, r.ref) == ARGV[1] then
    redis.call('HDEL', owners, r.ref)
  end
end
return {'done'}
