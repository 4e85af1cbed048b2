// Package sqlledger keeps the ledger of package once in a database: in one SQLite file
// that the processes of a machine share, or in PostgreSQL, which any number of machines
// share.
//
//	ledger, err := sqlite.Open("copies.db") // package once/sqlledger/sqlite
//
//	db, err := sql.Open("pgx", "postgres://...") // any driver of PostgreSQL
//	ledger, err := sqlledger.Open(ctx, db, sqlledger.Postgres)
//
//	runner := &once.Runner{Ledger: ledger}
//
// The package imports no driver. [Open] creates the table, or migrates it; any number
// of processes may do so at once. Only the first needs the right to create tables, and
// the others SELECT, INSERT, UPDATE and DELETE.
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
// A method that returns nil is durable. One that fails says "it may have been done" if
// that is so; without those words nothing was changed. While the database cannot be
// reached, restarts, fails over or refuses a statement for the moment (deadlocks,
// serialization failures, the lock of a file), a call tries again, for 10 seconds or what
// [WithPatience] says; then its error matches [ErrUnavailable]. Each write is made so
// that doing it twice is doing it once: a claim is known by its token, and the writes of a
// claim are numbered, so that one which arrives late does not undo a later one. Every
// call ends with its context. A Begin that was cut off may have claimed the key, which
// is then held for one lease.
//
// # Clocks
//
// Leases are on the database's clock, read after the row is locked. Since and SentAt are
// stored on both clocks; the earlier Since and the later SentAt are given back, so that
// no step of either clock hides a copy. A step may make a call look for longer, or find
// older agents possible. If the database's clock is set forward, leases end early: the
// processes that held them find out at their next write, which comes before each
// sending. If it is set back, a key is held for one lease more at most.
//
// On SQLite the clock is the machine's own, for database and writer alike. A step
// between two processes there is as one of both clocks.
//
// # PostgreSQL
//
// PostgreSQL 13 or newer, at READ COMMITTED (its default). Every write is one statement
// in a transaction of its own; nothing is bound to a session. Leave synchronous_commit on.
//
// Failover: what a primary has confirmed must be on the server that takes over. With
// synchronous replication (synchronous_standby_names, and synchronous_commit = on or
// more) it is, and a failover is a pause. With asynchronous replication the last
// moments are lost: a key begun in them may be copied a second time, and a copy that was
// recorded in them is looked for again, if the row of its sending was not lost as well.
// Before you go on after such a failover, wait until SettleTime is over and compare with
// the vendor's list. Never let two primaries take writes.
//
// PgBouncer in transaction mode works with pgx's default_query_exec_mode=exec (in the
// connection string). pgx's default mode needs PgBouncer 1.21 or newer with
// max_prepared_statements; the error says so otherwise. Do not use describe_exec with it.
//
// # Backups
//
// A backup taken while processes write is consistent: pg_dump, a base backup with WAL, or
// for SQLite ".backup" of sqlite3 or VACUUM INTO. Never copy a SQLite file that is in use:
// what is in the -wal file beside it would be missing. Before you restore one, end the
// processes, and remove the -wal and -shm files. A restored backup does not know what
// was copied since it was taken. Calls with those keys copy again: run [once.Runner]'s
// Find for them first, or settle them by Assign.
//
// # Pruning
//
// A ledger grows by a kilobyte or so a key, and no call gets slower by it: a look asks by
// index. [Ledger.Prune] forgets what was done long ago; its doc says what that means.
//
// # Capacity
//
// A copy takes three commits: when its key is claimed, right before the request is sent,
// and when its answer is known. A call that waits, for a limiter say, adds one every 5
// seconds. PostgreSQL 15 on two cores, which the processes that made the copies shared,
// recorded so many copies a second:
//
//	processes  callers of each   PostgreSQL   SQLite
//	    1             1              80         360
//	    1             8             500         300
//	    1            64           1,100         310
//	    8             8           1,200         300
//
// With few callers the disk is the bound, as each commit waits for it (4 ms there), and
// with many the processor. On SQLite the writers take turns, across processes too. A
// million records change none of this. A vendor that allows 60 copies a minute takes one a
// second of each credential, so such a server is enough for about a thousand credentials
// at their limit. Measure your own:
//
//	go test -run '^$' -bench Copies -benchtime 3000x ./once/sqlledger/internal/conformance
//
// Beyond that, give each tenant or shard a ledger in a database of its own, or in a schema:
// search_path must name that one only. Keys of different tenants never meet.
package sqlledger
