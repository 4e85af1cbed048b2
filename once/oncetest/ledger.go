package oncetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

// TestLedger tests that a ledger does what [once.Ledger] says. open must
// return an empty one each time, and clean up after it by t.Cleanup:
//
//	func TestMyLedger(t *testing.T) {
//		oncetest.TestLedger(t, func(t *testing.T) once.Ledger {
//			return newMyLedger(t.TempDir())
//		})
//	}
//
// What it cannot test is what survives a crash: that what a method did is durable
// when it returns, and that the lease of a process that is gone falls free. It
// takes a few seconds, since leases run out in it.
func TestLedger(t *testing.T, open func(t *testing.T) once.Ledger) {
	for _, tt := range []struct {
		name string
		test func(t *ledgerTest)
	}{
		{"BeginStoresARecord", (*ledgerTest).beginStores},
		{"AnyKeyIsAKeyOfItsOwn", (*ledgerTest).anyKey},
		{"AHeldLeaseIsInProgress", (*ledgerTest).heldLease},
		{"AnotherRequestIsAReusedKey", (*ledgerTest).anotherRequest},
		{"ALeaseThatRanOutIsClaimed", (*ledgerTest).lapsedLease},
		{"AClaimOutlivesItsLeaseUntilTheNext", (*ledgerTest).lapsedClaim},
		{"UpdateRenewsOrGivesUpTheLease", (*ledgerTest).update},
		{"FinishEndsTheRecord", (*ledgerTest).finish},
		{"ACopyBelongsToOneKey", (*ledgerTest).copyTaken},
		{"AbandonForgetsTheKey", (*ledgerTest).abandon},
		{"RemoveForgetsTheKeyInAnyState", (*ledgerTest).remove},
		{"PendingAndListYieldTheirRecords", (*ledgerTest).lists},
		{"ALoopMayUseTheLedger", (*ledgerTest).loopUses},
		{"OneOfManyBegins", (*ledgerTest).manyBegin},
		{"OneOfManyFinishesWithACopy", (*ledgerTest).manyFinish},
		{"AnEndedContextEndsEverything", (*ledgerTest).endedContext},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(&ledgerTest{t, open(t)}) })
	}
}

type ledgerTest struct {
	*testing.T
	once.Ledger
}

const (
	longLease  = time.Hour
	shortLease = 50 * time.Millisecond
)

func (t *ledgerTest) beginStores() {
	want := intentOf("k")
	want.Identity = agentcopy.Identity{Provider: "zudu", Origin: "https://example.com/a", Template: `{"a":"<b>"}`, Mark: "ärger"}
	want.Outcome = agentcopy.OutcomeCopied
	want.Rounds = 7
	stored := t.begin(want, false)
	t.same(stored, want)
	t.same(t.listed()["k"], want)

	t.release(stored)
	again := t.begin(want, true)
	t.same(again, want)
	if again.Token == stored.Token {
		t.Errorf("both claims have the token %d", again.Token)
	}
	t.mustBeLost("the first claim", stored)
}

func (t *ledgerTest) anyKey() {
	keys := []string{"a", "A", " a", "a ", "a\x00", "a\x00b", "a/b", `"a"`, "a\nb", "\u00e4", "a\u0308", "{a}", "%61", strings.Repeat("k", 1024)}
	for _, key := range keys {
		r := t.begin(intentOf(key), false)
		t.finishAs(r, "copy of "+key)
	}
	for _, key := range keys {
		r := t.begin(intentOf(key), true)
		if r.Key != key || r.Copy.ID != "copy of "+key {
			t.Errorf("key %q: got the record of %q with the copy %q", key, r.Key, r.Copy.ID)
		}
		owner, found, err := t.Owner(t.Context(), r.Ref())
		if err != nil || !found || owner.Key != key {
			t.Errorf("key %q: the owner of its copy is %q, %v, %v", key, owner.Key, found, err)
		}
	}
	if n := len(t.listed()); n != len(keys) {
		t.Errorf("got %d records, want %d", n, len(keys))
	}
}

func (t *ledgerTest) heldLease() {
	r := t.begin(intentOf("k"), false)
	t.mustFail("Begin of a held key", t.tryBegin(intentOf("k")), once.ErrInProgress)
	t.begin(intentOf("other"), false)
	t.finishAs(r, "1") // the claim is as good as it was
}

func (t *ledgerTest) anotherRequest() {
	others := map[string]func(*once.Record){
		"source":   func(r *once.Record) { r.Request.SourceID = "other" },
		"name":     func(r *once.Record) { r.Request.Name = "other" },
		"provider": func(r *once.Record) { r.Identity.Provider = "other" },
		"origin":   func(r *once.Record) { r.Identity.Origin = "other" },
		"template": func(r *once.Record) { r.Identity.Template = "other" },
	}
	refuse := func(state string) {
		for what, change := range others {
			r := intentOf("k")
			change(&r)
			t.mustFail("Begin with another "+what+", "+state, t.tryBegin(r), once.ErrKeyReused)
		}
	}
	r := t.begin(intentOf("k"), false)
	refuse("while the lease is held")
	t.release(r)
	refuse("while the lease is free")
	r = intentOf("k")
	r.Identity.Mark, r.Rounds, r.Since = "other", 9, r.Since.Add(time.Hour) // no part of the request
	t.finishAs(t.begin(r, true), "1")
	refuse("when it is done")
}

func (t *ledgerTest) lapsedLease() {
	stale := t.beginFor(intentOf("k"), shortLease)
	fresh := t.waitForClaim("k")
	t.mustBeLost("a claim that another one followed", stale)
	t.same(t.listed()["k"], intentOf("k"))
	t.finishAs(fresh, "1")
}

func (t *ledgerTest) lapsedClaim() {
	r := t.beginFor(intentOf("k"), shortLease)
	time.Sleep(4 * shortLease)
	r.Rounds = 2
	t.must("Update after the lease ran out", t.Update(t.Context(), r, shortLease))
	time.Sleep(4 * shortLease)
	t.finishAs(r, "1")
}

func (t *ledgerTest) update() {
	r := t.beginFor(intentOf("k"), shortLease)
	r.Outcome, r.Rounds, r.Since = agentcopy.OutcomeCopied, 3, r.Since.Add(-time.Hour)
	t.must("Update", t.Update(t.Context(), r, longLease))
	time.Sleep(4 * shortLease)
	t.mustFail("Begin of a renewed key", t.tryBegin(intentOf("k")), once.ErrInProgress)
	t.same(t.listed()["k"], r)

	t.must("Update of what has not changed", t.Update(t.Context(), r, longLease))
	t.release(r)
	t.same(t.begin(intentOf("k"), true), r)
}

func (t *ledgerTest) finish() {
	claim := t.begin(intentOf("k"), false)
	ref := once.CopyRef{Origin: claim.Identity.Origin, Provider: "acme", ID: "1"}
	if r, found, err := t.Owner(t.Context(), ref); found || err != nil {
		t.Errorf("Owner of a copy not made: %q, %v, %v", r.Key, found, err)
	}
	want := t.finishAs(claim, "1")
	t.same(t.begin(intentOf("k"), true), want)
	t.same(t.begin(intentOf("k"), true), want) // nothing is claimed
	t.same(t.listed()["k"], want)
	owner, found, err := t.Owner(t.Context(), ref)
	if err != nil || !found {
		t.Fatalf("Owner: %v, %v", found, err)
	}
	t.same(owner, want)
	t.mustBeLost("a claim of what is done", claim)
	t.same(t.begin(intentOf("k"), true), want)
}

func (t *ledgerTest) copyTaken() {
	t.finishAs(t.begin(intentOf("first"), false), "1")
	second := t.begin(intentOf("second"), false)
	t.mustFail("Finish with the copy of another key", t.Finish(t.Context(), doneAs(second, "1")), once.ErrCopyTaken)
	t.same(t.listed()["second"], second)
	t.must("Update after that", t.Update(t.Context(), second, longLease))
	t.finishAs(second, "2")

	elsewhere := intentOf("elsewhere")
	elsewhere.Identity.Origin = "https://other.example"
	t.finishAs(t.begin(elsewhere, false), "1")
	another := doneAs(t.begin(intentOf("another"), false), "1")
	another.Copy.Provider = "another vendor"
	t.must("Finish with the ID of another vendor", t.Finish(t.Context(), another))
}

func (t *ledgerTest) abandon() {
	r := t.begin(intentOf("k"), false)
	t.must("Abandon", t.Abandon(t.Context(), r))
	if records := t.listed(); len(records) != 0 {
		t.Errorf("got records %v, want none", records)
	}
	t.mustBeLost("an abandoned claim", r)
	other := intentOf("k")
	other.Request.Name = "another"
	t.finishAs(t.begin(other, false), "1")
	t.mustBeLost("an abandoned claim, later", r)
}

func (t *ledgerTest) remove() {
	t.must("Remove of a key that is not there", t.Remove(t.Context(), "k"))
	pending := t.begin(intentOf("k"), false)
	t.must("Remove", t.Remove(t.Context(), "k"))
	t.mustBeLost("a claim of what was removed", pending)
	done := t.finishAs(t.begin(intentOf("k"), false), "1")
	t.mustBeLost("a claim of what was removed, later", pending)
	t.must("Remove of a key that is done", t.Remove(t.Context(), "k"))
	if r, found, err := t.Owner(t.Context(), done.Ref()); found || err != nil {
		t.Errorf("Owner of the copy of a removed key: %q, %v, %v", r.Key, found, err)
	}
	t.finishAs(t.begin(intentOf("other"), false), "1")
}

func (t *ledgerTest) lists() {
	t.yields("Pending of an empty ledger", t.Pending(t.Context()))
	t.yields("List of an empty ledger", t.List(t.Context()))
	for _, key := range []string{"a", "b", "c", "d"} {
		t.begin(intentOf(key), false)
	}
	for _, key := range []string{"e", "f"} {
		t.finishAs(t.begin(intentOf(key), false), key)
	}
	pending := t.Pending(t.Context())
	for range 2 { // a sequence can be ranged over again
		t.yields("Pending", pending, "a", "b", "c", "d")
		t.yields("List", t.List(t.Context()), "a", "b", "c", "d", "e", "f")
	}
	for range pending {
		break
	}
	t.must("Remove", t.Remove(t.Context(), "b"))
	t.yields("Pending", pending, "a", "c", "d")
}

// loopUses runs over many records, and changes some of them meanwhile.
func (t *ledgerTest) loopUses() {
	const n = 300
	for i := range n {
		t.release(t.begin(intentOf(fmt.Sprint(i)), false))
	}
	t.begin(intentOf("held"), false)
	seen := map[string]bool{}
	for r, err := range t.Pending(t.Context()) {
		t.must("Pending", err)
		if seen[r.Key] {
			t.Errorf("%q came twice", r.Key)
		}
		seen[r.Key] = true
		if r.Key != "held" {
			t.finishAs(t.begin(intentOf(r.Key), true), "copy of "+r.Key)
		}
		if len(seen)%10 == 0 && r.Key != "held" {
			t.must("Remove", t.Remove(t.Context(), r.Key))
		}
		if len(seen) > n+1 {
			t.Fatal("no end")
		}
	}
	if len(seen) != n+1 {
		t.Errorf("got %d records, want %d", len(seen), n+1)
	}
	t.yields("Pending", t.Pending(t.Context()), "held")
}

func (t *ledgerTest) manyBegin() {
	var mu sync.Mutex
	var claims []once.Record
	concurrently(64, func(int) {
		r, _, err := t.Begin(t.Context(), intentOf("k"), longLease)
		switch {
		case err == nil:
			mu.Lock()
			defer mu.Unlock()
			claims = append(claims, r)
		case !errors.Is(err, once.ErrInProgress):
			t.Errorf("Begin: %v", err)
		}
	})
	if len(claims) != 1 {
		t.Errorf("%d of 64 claims of one key succeeded, want 1", len(claims))
	}
}

func (t *ledgerTest) manyFinish() {
	var mu sync.Mutex
	var owners []string
	concurrently(64, func(i int) {
		key := fmt.Sprintf("key %d", i)
		r, _, err := t.Begin(t.Context(), intentOf(key), longLease)
		if err != nil {
			t.Errorf("Begin: %v", err)
			return
		}
		err = t.Finish(t.Context(), doneAs(r, "1"))
		switch {
		case err == nil:
			mu.Lock()
			defer mu.Unlock()
			owners = append(owners, key)
		case !errors.Is(err, once.ErrCopyTaken):
			t.Errorf("Finish: %v", err)
		}
	})
	if len(owners) != 1 {
		t.Fatalf("%d of 64 keys finished with one copy, want 1", len(owners))
	}
	if r := t.listed()[owners[0]]; r.Copy.ID != "1" {
		t.Errorf("the owner has the copy %q", r.Copy.ID)
	}
}

func (t *ledgerTest) endedContext() {
	claim := t.begin(intentOf("k"), false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := t.Begin(ctx, intentOf("new"), longLease)
	t.mustFail("Begin", err, context.Canceled)
	t.mustFail("Update", t.Update(ctx, claim, 0), context.Canceled)
	t.mustFail("Finish", t.Finish(ctx, doneAs(claim, "1")), context.Canceled)
	t.mustFail("Abandon", t.Abandon(ctx, claim), context.Canceled)
	t.mustFail("Remove", t.Remove(ctx, "k"), context.Canceled)
	_, _, err = t.Owner(ctx, claim.Ref())
	t.mustFail("Owner", err, context.Canceled)
	for name, records := range map[string]iter.Seq2[once.Record, error]{"Pending": t.Pending(ctx), "List": t.List(ctx)} {
		n := 0
		for _, err := range records {
			t.mustFail(name, err, context.Canceled)
			n++
		}
		if n != 1 {
			t.Errorf("%s yields %d times in an ended context, want its error once", name, n)
		}
	}
}
