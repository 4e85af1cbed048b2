-- Finds the record of a copy. ARGV: ref.
local key = redis.call('HGET', owners, ARGV[1])
local value = key and redis.call('HGET', records, key)
if not value then
  return {'none'}
end
return {'found', now, value}
