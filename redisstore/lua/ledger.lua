-- What every script of a ledger begins with.
--
-- KEYS[1] records  hash: a record for each key, in the form of save
-- KEYS[2] pending  set: the keys whose record is not done
-- KEYS[3] owners   hash: the key of each copy, by its digest
-- KEYS[4] state    hash: token, the latest that was given out
--
-- Times are microseconds on the clock of this server. Every script may be run
-- twice for one call, since clients repeat what was not answered: a nonce tells
-- a repeat from another call.
local records, pending, owners, state = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local form = '^(%d+) (%d+) (%d+) ([01]) ([01]) (%S+) (%S+) (%S+)\n(.*)$'

-- load returns the record of key, or nil.
local function load(key)
  local value = redis.call('HGET', records, key)
  if not value then
    return nil
  end
  local token, lease, since, found, done, nonce, request, ref, record = string.match(value, form)
  if not token then
    error('agentcopy: the ledger holds a record in a form that this version cannot read')
  end
  return {
    token = token,          -- of the latest claim
    lease = tonumber(lease), -- when it ends
    since = tonumber(since),
    found = found,          -- 0 until a second claim: nothing can have been sent before the first one
    done = done == '1',
    nonce = nonce,          -- of the call that claimed or finished it
    request = request,      -- digest of what the key stands for
    ref = ref,              -- digest of the copy; '-' if it is not done
    record = record,        -- JSON
  }
end

-- save stores r. The value is deleted first: Redis refuses a write that needs
-- memory when it has none left, but not in a script that has freed some. So what
-- was begun can be renewed and finished even then.
local function save(key, r)
  redis.call('HDEL', records, key)
  redis.call('HSET', records, key, string.format('%s %.0f %.0f %s %s %s %s %s\n%s',
    r.token, r.lease, r.since, r.found, r.done and '1' or '0', r.nonce, r.request, r.ref, r.record))
end

-- claimed returns the record of key if token is that of its latest claim.
local function claimed(key, token)
  local r = load(key)
  if r and not r.done and r.token == token then
    return r
  end
  return nil
end

-- before is the time that was age ago. What is older than a key cannot be its
-- copy, so it never moves towards now.
local function before(age)
  return math.max(now - tonumber(age), 0)
end
