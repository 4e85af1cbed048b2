// Package oncetest tests what you write for package once: [TestLedger] a ledger, and
// [TestCopier] a Copier for a vendor that this SDK does not know.
package oncetest
