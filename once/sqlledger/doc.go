// Package sqlledger keeps the records of package once in a database: PostgreSQL,
// which the replicas of a service share, or SQLite, one file that the processes of a
// machine share. It imports no driver; package once/sqlledger/sqlite comes with one
// for SQLite that needs no C compiler.
//
//	db, err := sql.Open("pgx", "postgres://service@db.internal/copies")
//	if err != nil {
//		return err
//	}
//	ledger, err := sqlledger.Open(ctx, db, sqlledger.Postgres)
//	if err != nil {
//		return err
//	}
//	runner := &once.Runner{Ledger: ledger}
//
// # The table
//
// All is in the table agentcopy_ledger, a row for each key, which anybody can read
// with psql or sqlite3:
//
//	key                            the key of the caller
//	provider, origin, account      whose agents they are
//	template, source_id, name      what was asked for
//	copy_id, copy_name             the copy, once it is known
//	sends                          how often the request was sent
//	since, sent_at                 by the database's clock: right before the first
//	                               sending, and when the last one ended, at the latest
//	writer_since, writer_sent_at   the same by the clock of the process that wrote it
//	begun_at, written_at           when the row was made, and last written
//	lease_end                      until when a process is at work on the key
//	token, claims, write_no        tell claims and their writes apart
//	rival_of, ref, keeps_names_of  what rows are found by; each has an index
//	record                         the whole record, as JSON
//
// NUL and bytes that are no UTF-8 stand as \xNN, and \ as \\. A table that an
// older version of this module made is migrated by Open; any number of processes may
// open it at once.
//
// # Clocks
//
// Leases run on the database's clock. Of the times that look for a copy, the earlier
// Since and the later SentAt of both clocks are given, so that no step of either hides
// a copy.
//
// # PostgreSQL
//
// Version 13 or newer. Every call is one statement, or a few that each stand alone;
// nothing is kept in a session. Behind PgBouncer in transaction mode, give pgx
// default_query_exec_mode=exec, or use PgBouncer 1.21 or newer with
// max_prepared_statements.
//
// A failover to a standby with asynchronous replication may lose the last records
// that were confirmed: a key whose record is lost is copied again. Set
// synchronous_commit to on, with synchronous_standby_names, where that must not be;
// a restored backup loses what was written after it in the same way.
//
// # When the database fails
//
// A call tries again while the database restarts, fails over or is busy, for as long
// as [WithPatience] and its context allow. Then it fails with an error that matches
// [ErrUnavailable] and says whether the write may have been done.
package sqlledger
