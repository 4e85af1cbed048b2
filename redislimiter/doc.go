// Package redislimiter shares one rate limit among any number of processes and
// machines through Redis. [Limiter] is agentcopy.WindowLimiter for a service with
// replicas.
//
//	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"})
//	client, err := kolena.NewFromEnv(agentcopy.WithLimiter(
//		redislimiter.New(rdb, "kolena/team-a", 60, 61*time.Second)))
//
// A limit belongs in Redis; the record of what was copied does not, since Redis may
// lose writes that it has confirmed. Module once/sqlledger keeps that in a database.
//
// # Supported servers
//
// Redis 5 or newer (tested with 7) or Valkey: a single node, behind Sentinel, or a
// Cluster. Every script touches the keys of one hash slot, and is loaded again
// whenever the server has forgotten it. A dedicated user needs only these rights:
//
//	ACL SETUSER limiter on >secret ~agentcopy:* +ping +hello
//		+eval +evalsha +info +time +hset +hmget +pexpire
//		+zadd +zrem +zcard +zcount +zscore +zrange +zrangebyscore +zremrangebyscore
//
// On a Cluster, go-redis needs +cluster|slots +command as well.
//
// # When Redis is unreachable
//
// Nothing is sent without a permit. While Redis is unreachable, restarting, loading
// or failing over, a call waits for up to 10 seconds (see [WithMaxOutage]) and no
// longer than its context. Then it fails with an error that matches [ErrUnavailable].
// What waiting cannot fix, such as a wrong password or full memory, is reported at
// once. No error holds the password or the URL.
//
// # When Redis loses its data
//
// Configure it so that it does not:
//
//	appendonly yes
//	maxmemory-policy noeviction
//
// A Limiter then loses nothing. If it finds that Redis was restarted without an
// append-only file, or has forgotten a permit that a live process knows of, it admits
// nobody until whatever was forgotten is older than an attempt timeout and a window:
// two minutes for Kolena's limit. A new Redis without an append-only file looks the
// same, so the first calls wait as long. A flush that no live process notices, and a
// failover to a replica that lagged behind, may let the next window hold up to twice
// the limit.
//
// # When Redis's clock is set
//
// Only Redis's clock matters, never those of the machines. If it is set back, a permit
// is held for as long as it had left, counted from the next call. If it is set forward,
// permits are free that much earlier: one window may then hold up to twice the limit.
// Slewing, which chronyd and ntpd do by default after start, changes a window by less
// than 0.1 s a minute.
//
// # What is stored
//
// Redis keys contain the key that you pass to [New], so do not put a credential there.
// They expire by themselves.
package redislimiter
