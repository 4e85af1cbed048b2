// Package sqlite opens a ledger in one SQLite file.
package sqlite
