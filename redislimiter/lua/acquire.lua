-- Admits an attempt, or says when to come back.
--
-- ARGV[4] n, ARGV[5] per   at most n in any window of this length
-- ARGV[6] keep      how long the permit is held if nothing more is heard of it
-- ARGV[7] arrival   when the waiter arrived, as it was told; 0 at its first call
-- ARGV[8] left      until its deadline: it does not wait for as long as this
-- ARGV[9] pause     nor for a pause of the vendor that is longer than this
-- ARGV[10] heartbeat it comes back no later than after this, to show that it lives
-- ARGV[11] grace    how much later than announced it may come
--
-- Returns: count, admitted, arrival, wait (the shortest there is), sleep (until
-- it is to come back; -1 if it is not waiting any more), how long the pause has
-- to run, and how long the time to forget in.
local n, per, keep, arrival = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local left, pause, heartbeat, grace = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])

redis.call('ZREMRANGEBYSCORE', permits, '-inf', now)
for _, dead in ipairs(redis.call('ZRANGEBYSCORE', seen, '-inf', now)) do
  redis.call('ZREM', queue, dead)
  redis.call('ZREM', seen, dead)
end
if redis.call('ZSCORE', permits, id) then -- the answer to an earlier run was lost: the attempt begins now
  redis.call('ZADD', permits, now + keep, id)
  save()
  return {count, 1, 0, 0, 0, 0, 0}
end

if arrival == 0 then
  arrival = now
end
local waiting = redis.call('ZCARD', queue)
local ahead = 0
if waiting > 0 then
  ahead = redis.call('ZCOUNT', queue, '-inf', string.format('(%.0f', arrival))
end
local taken = redis.call('ZCARD', permits)
local free = n - taken
local function leave()
  if waiting > 0 then
    redis.call('ZREM', queue, id)
    redis.call('ZREM', seen, id)
  end
end

if ahead < free and math.max(opens, safe) <= now then
  redis.call('ZADD', permits, now + keep, id)
  leave()
  count = count + 1
  save()
  return {count, 1, 0, 0, 0, 0, 0}
end

-- The permit that this waiter gets is this many after the next one. One that
-- is held by an attempt under way falls free a window from now at the earliest.
local after = ahead - free
local due = math.max(opens, safe, now)
if after >= 0 then
  local at, rank = now + per, after % n
  if rank < taken then
    at = math.min(at, tonumber(redis.call('ZRANGE', permits, rank, rank, 'WITHSCORES')[2]))
  end
  due = math.max(due, at + math.floor(after / n) * per)
end
local wait, paused, unsafe = due - now, math.max(opens - now, 0), math.max(safe - now, 0)
if wait >= left or paused > pause then
  leave()
  save()
  return {count, 0, arrival, wait, -1, paused, unsafe}
end

-- Permits are free, and those ahead were called. If they do not come, they are
-- dead, and this waiter is among those who take over.
local sleep = math.min(wait, heartbeat)
if after >= 0 and after < free then
  local first = redis.call('ZRANGE', seen, 0, 0, 'WITHSCORES')[2]
  if first then
    sleep = math.min(sleep, math.max(first - now, 1000))
  end
end
redis.call('ZADD', queue, arrival, id)
redis.call('ZADD', seen, now + sleep + grace, id)
save()
return {count, 0, arrival, wait, sleep, paused, unsafe}
