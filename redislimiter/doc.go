// Package redislimiter shares one rate limit among any number of processes and
// machines, through a Redis that they all reach: it is agentcopy.WindowLimiter for
// a service with replicas.
//
//	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"})
//	client, err := kolena.NewFromEnv(agentcopy.WithLimiter(
//		redislimiter.New(rdb, "kolena/team-a", 60, 61*time.Second)))
//
// A record of what was copied does not belong in Redis, whose replication and
// eviction may lose it: see module once/sqlledger.
//
// # What Redis it needs
//
// Redis 5 or newer (it is tested with 7), or Valkey, as a single node, behind
// Sentinel or as a Cluster: every script touches keys of one hash slot. A user that
// is restricted by ACL needs, on the keys agentcopy:*, EVAL, EVALSHA and INFO, and
// what the scripts call: TIME, HGET, HSET, HDEL, HMGET, SADD, SREM, SET, EXISTS, ZADD,
// ZREM, ZCARD, ZCOUNT, ZSCORE, ZRANGE, ZRANGEBYSCORE, ZREMRANGEBYSCORE and PEXPIRE.
//
// # Clocks
//
// Only Redis's clock counts, never those of the machines. If it is set back, nobody
// waits for it to catch up: places are counted from the present, and a place is
// held for a window more. If it is set forward, places fall free early by as much,
// and the next window may hold up to twice the number: let the server's clock be
// slewed, not stepped.
//
// # When Redis is unreachable
//
// Nothing is sent that was not admitted. While Redis is unreachable, restarting,
// loading or failing over, a call waits, for ten seconds or what [WithPatience]
// says, and for no longer than its context; then it fails with an error that matches
// [ErrUnavailable]. What waiting cannot help, such as a wrong password or a memory
// that is full, is reported at once. No error holds the password or the URL.
//
// # When Redis loses its data
//
// Configure it so that it does not:
//
//	appendonly yes
//	maxmemory-policy noeviction
//
// A limiter that finds that Redis was restarted without an append-only file, or has
// forgotten an admission that a live process knows of, admits nobody until whatever
// was forgotten is older than an attempt and a window: two minutes for Kolena's
// limit. That goes for a new Redis without an append-only file as well, since it
// looks the same. A flush that no live process has seen goes unnoticed, and the next
// window may hold up to twice the number.
//
// # What is stored
//
// Keys are named after the key that you give, so do not put a credential there. What
// a limiter stores expires by itself.
package redislimiter
