-- Holds the permit of an attempt for ARGV[4] from now: until it is renewed, while
-- the attempt is under way; for a window, once it was answered. A permit that is
-- not there any more is taken again, since the vendor has counted the attempt.
redis.call('ZADD', permits, now + tonumber(ARGV[4]), id)
save()
return {count}
