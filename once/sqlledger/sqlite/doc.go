// Package sqlite keeps a ledger in one SQLite file, with no server to run. Several
// processes of a machine may share the file.
//
//	ledger, err := sqlite.Open("copies.db")
//	if err != nil { ... }
//	defer ledger.Close()
//	runner := &once.Runner{Ledger: ledger}
//
// The driver is modernc.org/sqlite, which needs no C compiler. In our measurements,
// github.com/ncruces/go-sqlite3 made half the writes a second with half the memory.
//
// The file is in WAL mode with synchronous=FULL: what a call has confirmed survives kill
// -9, and a power failure if the disk honours flushes. While it is open, two files with the
// suffixes -wal and -shm lie beside it and belong to it. Keep the three together, in a
// folder that the processes may write to. Do not put them on a network file system (NFS,
// SMB): SQLite's locks and shared memory do not work there. If machines share a ledger,
// use PostgreSQL.
//
// # What Open refuses
//
// Open refuses a file that is empty, truncated or not a ledger: SQLite would take some of
// these for a new database and forget what was copied. A new ledger is first created under
// another name, so neither a crash nor a full disk leaves an empty file. If the file
// system has no hard links, an empty file with the suffix .create stays beside the ledger.
// [sqlledger.Ledger.Check] reads the whole file for damage.
//
// # One name
//
// SQLite identifies a file by its name: do not open it through a second hard link, and do
// not move or replace it while it is open.
package sqlite
