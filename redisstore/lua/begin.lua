-- Claims a key. ARGV: key, request, nonce, lease, age, record.
local key, request, nonce, lease, age, record = unpack(ARGV)

local r = load(key)
local status = 'found'
if r then
  if r.request ~= request then
    return {'reused'}
  end
  if r.done then
    return {'found', now, redis.call('HGET', records, key)}
  end
  if r.nonce == nonce then -- the answer to an earlier run was lost
    return {r.found == '1' and 'found' or 'new', now, redis.call('HGET', records, key)}
  end
  if r.lease > now then
    return {'held'}
  end
  r.found = '1'
else
  -- The first write of all: a server without memory refuses it here.
  redis.call('SADD', pending, key)
  status = 'new'
  r = {found = '0', done = false, request = request, ref = '-', record = record, since = before(age)}
end

-- A token is a time as well, so that a server which lost its data gives out none
-- a second time.
local token = math.max(tonumber(redis.call('HGET', state, 'token') or 0) + 1, now)
redis.call('HSET', state, 'token', token)
r.token, r.lease, r.nonce = string.format('%.0f', token), now + tonumber(lease), nonce
save(key, r)
return {status, now, redis.call('HGET', records, key)}
