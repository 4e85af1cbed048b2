// Package redislimiter shares one rate limit among any number of processes and
// machines, by means of a Redis that they all reach. [Limiter] is
// agentcopy.WindowLimiter for a service with replicas.
//
//	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"})
//	client, err := kolena.NewFromEnv(agentcopy.WithLimiter(
//		redislimiter.New(rdb, "kolena/team-a", 60, 61*time.Second)))
//
// A limit belongs in Redis; the record of what was copied does not, since Redis may
// lose what it has confirmed. Module once/sqlledger keeps that in a database.
//
// # What Redis it needs
//
// Redis 5 or newer (it is tested with 7), or Valkey, as a single node, behind Sentinel
// or as a Cluster: every script touches keys of one hash slot, and asks the node that
// owns it. Scripts are loaded again whenever the server has forgotten them. A user of
// the limiter's own needs no more rights than these:
//
//	ACL SETUSER limiter on >secret ~agentcopy:* +ping +hello
//		+eval +evalsha +info +time +hset +hmget +pexpire
//		+zadd +zrem +zcard +zcount +zscore +zrange +zrangebyscore +zremrangebyscore
//
// On a Cluster, go-redis needs +cluster|slots +command as well.
//
// # When Redis is unreachable
//
// Nothing is sent that was not admitted. While Redis is unreachable, restarting,
// loading or failing over, a call waits, for ten seconds or what [WithMaxOutage] says,
// and for no longer than its context; then it fails with an error that matches
// [ErrUnavailable]. What waiting cannot fix, such as a wrong password or a memory that
// is full, is reported at once. No error holds the password or the URL.
//
// # When Redis loses its data
//
// Configure it so that it does not:
//
//	appendonly yes
//	maxmemory-policy noeviction
//
// A Limiter then loses nothing. One that finds that Redis was restarted without an
// append-only file, or has forgotten an admission that a live process knows of, admits
// nobody until whatever was forgotten is older than an attempt and a window: two
// minutes for Kolena's limit. The same goes for a new Redis without an append-only
// file, since it looks the same. A flush that no live process has seen goes unnoticed,
// and the next window may hold up to twice the number. So may one after a failover to
// a replica that lagged behind.
//
// # When Redis's clock is set
//
// Only Redis's clock counts, never those of the machines. If it is set back, whatever
// was held is held for as long as before, from the first call after that. If it is set
// forward, places fall free early by as much: one window may then hold up to twice the
// number. A clock that is slewed, as chronyd and ntpd do by default after start, changes a
// window by less than a tenth of a second in a minute.
//
// # What is stored
//
// Keys are named after the key that you give, so do not put a credential there. What
// a Limiter holds expires by itself.
package redislimiter
