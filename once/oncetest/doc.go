// Package oncetest tests what you write for package once: [TestLedger] tests a Ledger, and
// [TestCopier] a Copier for a vendor that this SDK does not know.
package oncetest
