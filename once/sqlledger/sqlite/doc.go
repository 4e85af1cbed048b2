// Package sqlite opens a ledger in one SQLite file: the embedded default, which the
// processes of a machine may share. Its driver, modernc.org/sqlite, needs no C
// compiler.
//
//	ledger, err := sqlite.Open("copies.ledger")
//	if err != nil {
//		return err
//	}
//	defer ledger.Close()
//	runner := &once.Runner{Ledger: ledger}
//
// What a method wrote survives a crash of the process and of the machine: the file is
// in WAL mode with synchronous=FULL. FILE-wal and FILE-shm lie beside it while it is
// open. Back it up with sqlite3's .backup or VACUUM INTO, not with cp. Keep it off
// network file systems, whose locks are not to be trusted.
package sqlite
