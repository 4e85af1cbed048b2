-- What every script of a limiter begins with.
--
-- KEYS[1] state    hash: what is said below of the local variables of these names
-- KEYS[2] permits  sorted set: attempts, by when their permits fall free
-- KEYS[3] queue    sorted set: waiters, by when they arrived
-- KEYS[4] seen     sorted set: waiters, by when they are given up for dead
-- ARGV[1] id       of the attempt
-- ARGV[2] known    the highest count that the caller has seen of late
-- ARGV[3] memory   how long an admission that was forgotten can do harm
--
-- Times are microseconds on the clock of this server. Every script may be run
-- twice for one call, since clients retry what was not answered.
local state, permits, queue, seen = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id, known, memory = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local stored = redis.call('HMGET', state, 'latest', 'count', 'opens', 'safe', 'run')
local latest = tonumber(stored[1] or 0) -- when the last script ran
local count = tonumber(stored[2] or 0)  -- admissions so far
local opens = tonumber(stored[3] or 0)  -- the vendor's pause ends
local safe = tonumber(stored[4] or 0)   -- what may have been forgotten does no harm any more
local run = stored[5] or ''             -- the server process that wrote this

-- The clock was set back, or another server with a slower one took over: what
-- was to wait for, is to wait for from now on.
if now < latest then
  local by = now - latest
  for _, key in ipairs({permits, queue, seen}) do
    local all = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
    for i = 1, #all, 2 do
      redis.call('ZADD', key, all[i + 1] + by, all[i])
    end
  end
  opens, safe = opens + by, safe + by
end

-- The server has forgotten an admission that the caller knows of: it was
-- flushed, or lost its data, or a replica took over that lagged behind.
if known > count then
  count = known
  safe = math.max(safe, now + memory)
end

-- The server may have restarted without the admissions of its last moments, or
-- without any. One that writes an append-only file knows them all. It is asked
-- after a silence only: while it restarts, it is silent.
if now - latest > 10000 then
  local ok, server = pcall(redis.call, 'INFO', 'server')
  local is = ok and string.match(server, 'run_id:(%w+)')
  if is and is ~= run then
    run = is
    local persistence = redis.call('INFO', 'persistence')
    if not string.find(persistence, 'aof_enabled:1', 1, true) then
      local started = now - string.match(server, 'uptime_in_seconds:(%d+)') * 1000000
      safe = math.max(safe, started + memory)
    end
  end
end

-- save ends a script. What nobody needs any more goes by itself; the permits of others may
-- be held for longer than this caller's.
local function save()
  redis.call('HSET', state, 'latest', now, 'count', count, 'opens', opens, 'safe', safe, 'run', run)
  local last = tonumber(redis.call('ZRANGE', permits, -1, -1, 'WITHSCORES')[2] or 0)
  local ttl = math.ceil((math.max(opens, safe, now, last) - now + 2 * memory) / 1000) + 60000
  for _, key in ipairs(KEYS) do
    redis.call('PEXPIRE', key, ttl)
  end
end
