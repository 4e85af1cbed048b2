// Package redisstore shares one rate limit and one ledger among any number of
// processes and machines, by means of a Redis they all reach: [Limiter] is
// agentcopy.WindowLimiter, and [Ledger] the memory of once.Runner, for a
// service with replicas.
//
//	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379"})
//	client, err := kolena.NewFromEnv(agentcopy.WithLimiter(
//		redisstore.NewLimiter(rdb, "kolena/team-a", 60, 61*time.Second)))
//	once := once.Runner{Ledger: redisstore.NewLedger(rdb, "team-a")}
//
// # What Redis it needs
//
// Redis 5 or newer (it is tested with 7), or Valkey, as a single node, behind Sentinel or as a
// Cluster: every script touches keys of one hash slot, and asks the node that
// owns it. It needs EVAL, EVALSHA and, for the limiter, INFO. Scripts are loaded
// again whenever the server has forgotten them.
//
// Only Redis's clock is looked at, never those of the machines.
//
// # When Redis is away
//
// Nothing is sent that was not admitted, and no copy is begun that was not
// written down. While Redis is unreachable, restarting, loading or failing over,
// a call waits, for ten seconds or what [WithPatience] says, and for no longer
// than its context; then it fails with an error that matches [ErrUnavailable].
// What waiting cannot mend, such as a wrong password or a memory that is full,
// is reported at once. No error holds the password or the URL.
//
// # When Redis loses its data
//
// Configure it so that it does not:
//
//	appendonly yes
//	appendfsync always          # the ledger; everysec is enough for a limiter
//	maxmemory-policy noeviction
//
// A Limiter then loses nothing. One that finds that Redis was restarted without
// an append-only file, or has forgotten an admission that a live process knows
// of, admits nobody until whatever was forgotten is older than an attempt and a
// window: two minutes for Kolena's limit. That goes for a new Redis without an
// append-only file as well, since it looks the same. A flush that no live process
// has seen goes unnoticed, and the next window may hold up to twice the number.
//
// A Ledger that was lost is lost: keys that were done will be copied again. With
// appendfsync everysec, that concerns the last second before a power failure;
// with snapshots alone, the minutes since the last one. Replication is
// asynchronous: a failover may lose what was written in the moments before it,
// and a key begun in them may be begun a second time. Where that is too much,
// use a single node with an append-only file on storage that outlives the
// machine, and min-replicas-to-write against a primary that is cut off.
//
// # What is stored
//
// Keys are named after the key or prefix that you give, so do not put a
// credential there. A Ledger holds what once.Record does: the IDs and names
// of agents, never a credential or a vendor's answer. It never expires; use
// [Ledger.Remove]. What a Limiter holds expires by itself.
package redisstore
