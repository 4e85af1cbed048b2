-- Takes back a claim that nobody knows of, so that nothing was done under it.
-- ARGV: key, nonce.
local key, nonce = unpack(ARGV)
local r = load(key)
if r and not r.done and r.nonce == nonce then
  if r.found == '1' then
    r.lease = 0
    save(key, r)
  else
    redis.call('HDEL', records, key)
    redis.call('SREM', pending, key)
  end
end
return {'done'}
