// Package oncetest tests what package once stands on: [TestLedger] a ledger of your
// own, and [TestCopier] a Copier for a vendor that this SDK does not know. Both say
// of each fault what to do about it.
package oncetest
