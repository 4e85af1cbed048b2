// Package sqlledger keeps the ledger of package once in a database: a SQLite file for the
// processes of one machine, or PostgreSQL for any number of machines.
//
//	ledger, err := sqlite.Open("copies.db") // package once/sqlledger/sqlite
//
//	db, err := sql.Open("pgx", "postgres://...") // any PostgreSQL driver
//	ledger, err := sqlledger.Open(ctx, db, sqlledger.Postgres)
//
//	runner := &once.Runner{Ledger: ledger}
//
// The package imports no driver. [Open] creates or migrates the table; any number of
// processes may do so at once. Only the first needs the right to create tables. The
// others need SELECT, INSERT, UPDATE and DELETE.
//
// # The table
//
// One row of agentcopy_ledger is one key. Read it with psql or sqlite3; do not write to it.
//
//	key                       the key that Runner.Copy was given
//	provider, origin, account, template, source_id, name
//	                          what the key stands for; see agentcopy.Identity
//	copy_id, copy_name        the copy; NULL until it is known
//	sends                     how often the request was sent, or was about to be
//	since, sent_at            when it was first sent, and when the latest sending ends or ended;
//	                          NULL if nothing was sent that may have made a copy
//	writer_since, writer_sent_at
//	                          the same on the clock of the process that wrote it
//	begun_at, written_at      when the row was made, and last changed
//	lease_end                 until when a process is at work on the key; NULL if none is
//	token, claims, write_no   tell the claims of a key, and the writes of a claim, apart
//	rival_of                  the provider, origin and account of a row that is sent and not
//	                          done: what other keys of the account ask for
//	ref                       the origin, provider and ID of the copy: no two rows have the same
//	keeps_names_of            a hash of the account and template for which the row shows that
//	                          the vendor keeps names
//	record                    the whole once.Record as JSON, with the writer's times
//
// Times without "writer" are the database's own: timestamptz, or text in UTC on SQLite. A
// text that a database would not take is escaped: a backslash is \\, a NUL or a byte that
// is not UTF-8 is \xNN. agentcopy_ledger_version has the version of the table.
//
// For example, what is not settled, oldest first:
//
//	SELECT key, sends, sent_at, lease_end FROM agentcopy_ledger WHERE ref IS NULL ORDER BY sent_at
//
// A ledger holds IDs and names of agents. It never holds a credential or an answer of
// a vendor.
//
// # What a call knows
//
// When a method returns nil, what it wrote is durable. An error of a write says "the write
// may have happened" if it may have; without those words nothing was changed. A call
// retries while the database is unreachable, restarting or failing over, or refuses a
// statement for the moment (deadlocks, serialization failures, a locked file). After 10
// seconds (see [WithMaxOutage]) it fails with [ErrUnavailable]. Every write is idempotent:
// a claim is known by its token, and the writes of a claim are numbered, so that a late
// one does not undo a newer one. Every call ends with its context. A Begin that was cut
// off may have claimed the key, which is then held for one lease.
//
// # Clocks
//
// Leases are on the database's clock, read after the row is locked. Since and SentAt are
// stored on the database's and the writer's clock. The ledger returns the earlier Since
// and the later SentAt, so that no step of either clock hides a copy. A step may make a
// call look for longer, or find older agents possible. If the database's clock is set
// forward, leases end early; the processes that held them find out at their next write,
// which comes before each send. If it is set back, a key is held for at most one more
// lease.
//
// On SQLite both clocks are the machine's, so a step changes both at once.
//
// # PostgreSQL
//
// PostgreSQL 13 or newer, at READ COMMITTED (its default). Every write is one statement
// in a transaction of its own; nothing is bound to a session. Leave synchronous_commit on,
// and limit the pool with SetMaxOpenConns: 16 connections per process are plenty.
//
// Failover: what a primary has confirmed must be on the server that takes over. With
// synchronous replication (synchronous_standby_names, and synchronous_commit = on or
// more) it is, and a failover is only a pause. With asynchronous replication the last
// writes are lost: a key that began in that time may be copied a second time, and a copy
// that was recorded in that time is looked for again if the row of its send survived.
// After such a failover, wait for SettleTime and compare with the vendor's list before you
// go on. Never let two primaries take writes.
//
// PgBouncer in transaction mode works with pgx's default_query_exec_mode=exec (in the
// connection string). pgx's default mode needs PgBouncer 1.21 or newer with
// max_prepared_statements; without it, the error says so. Do not use describe_exec with
// PgBouncer.
//
// # Backups
//
// A backup taken while processes write is consistent: pg_dump, a base backup with WAL, or
// for SQLite ".backup" of sqlite3 or VACUUM INTO. Never copy a SQLite file that is in use:
// what is in the -wal file beside it would be missing. Before you restore a backup, end
// the processes, and remove the -wal and -shm files. A restored backup does not know what
// was copied since it was taken, and calls with those keys copy again: run
// [once.Runner.Find] for them first, or settle them with [once.Runner.Assign].
//
// # Pruning
//
// A ledger grows by about 1 kB a key, and calls do not get slower: each query uses an
// index. [Ledger.Prune] forgets old keys that are done; its doc says what that means.
//
// # Capacity
//
// A copy takes three commits: when its key is claimed, right before the request is sent,
// and when its answer is known. A call that waits, for example for a limiter, adds one
// every 5 seconds. Copies recorded a second, by PostgreSQL 15 on two cores that it shared
// with the processes that made the copies:
//
//	processes  callers of each   PostgreSQL   SQLite
//	    1             1              80         350
//	    1             8             600         350
//	    1            64             900         350
//	    8             8           1,100         300
//
// With few callers the disk is the bottleneck, since each commit waits for it (4 ms
// there); with many it is the processor. On SQLite the writers take turns, across
// processes too. A million records do not change the figures. Such a server is enough for
// about a thousand credentials at a limit of 60 copies a minute. Measure your own:
//
//	go test -run '^$' -bench Copies -benchtime 3000x ./once/sqlledger/internal/conformance
//
// Beyond that, give each tenant or shard a ledger of its own, in another database or
// another schema; search_path must then name only that schema.
package sqlledger
