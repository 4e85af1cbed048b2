// Package sqlite opens a ledger in one SQLite file: the embedded default, with nothing
// to run. Several processes of a machine may share the file.
//
//	ledger, err := sqlite.Open("copies.db")
//	if err != nil { ... }
//	defer ledger.Close()
//	runner := &once.Runner{Ledger: ledger}
//
// The driver is modernc.org/sqlite, which needs no C compiler. Beside it,
// github.com/ncruces/go-sqlite3 was measured: half the writes a second, half the memory.
//
// The file is in WAL mode with synchronous=FULL: what a call has confirmed survives kill
// -9 and a power failure, as far as the disk keeps its word. Two files with the suffixes
// -wal and -shm are beside it while it is open; they belong to it. Keep the three together,
// in a folder that the processes may write to. Do not put them on a network file system
// (NFS, SMB): SQLite's locks and shared memory do not work there. Use PostgreSQL where
// machines share a ledger.
//
// # What Open refuses
//
// A file that is empty, is cut off or is no ledger, since SQLite would take some of these
// for a new database and forget what was copied. A new ledger is made whole under another
// name first, so neither a crash nor a full disk leaves an empty file. Where the file
// system has no hard links, an empty file with the suffix .create stays beside the ledger.
// sqlledger.Ledger's Check reads the whole file for damage.
//
// # One name
//
// SQLite knows a file by its name: do not open it by a second hard link, and do not move
// or replace it while it is open.
package sqlite
