-- Holds the place of an attempt for ARGV[4] from now: until it is renewed, while
-- the attempt is under way; for a window, once it was answered. A place that is
-- not there any more is taken again, since the vendor has counted the attempt.
redis.call('ZADD', places, now + tonumber(ARGV[4]), id)
save()
return {count}
