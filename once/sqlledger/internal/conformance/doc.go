// Package conformance tests the ledger on databases: on SQLite files and on servers of
// the tests' own. It is apart from package sqlledger so that a program which uses that
// need not download the drivers.
package conformance
