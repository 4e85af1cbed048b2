package oncetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

// Store is where ledgers keep their records: a database, a server, a file.
type Store interface {
	// Open returns a handle on the store, like that of another process. All handles see
	// the same records. Close it with t.Cleanup.
	Open(t *testing.T) once.Ledger
	// StepClock moves the store's own clock by d, as if it were set on a server. If it
	// cannot, it returns false, and the tests that need it are left out.
	StepClock(d time.Duration) bool
}

// TestLedger tests that a ledger does what [once.Ledger] says. newStore must
// return an empty store each time.
//
// It takes a few seconds, since it waits for leases to run out. It cannot test that what
// a method did survives a crash: kill a process and a server of your own for that.
func TestLedger(t *testing.T, newStore func(t *testing.T) Store) {
	for _, tt := range []struct {
		name string
		test func(t *ledgerTest)
	}{
		{"ARecordIsStoredWhole", (*ledgerTest).storedWhole},
		{"AClaimIsOneOnEveryHandle", (*ledgerTest).handles},
		{"BodiesAndIdempotencyKeysAreNotStored", (*ledgerTest).notStored},
		{"AnyKeyAndIDIsOneOfItsOwn", (*ledgerTest).anyKey},
		{"ALongLeaseIsCutToTheNextCallers", func(t *ledgerTest) { t.isCut(t.begin(recordOf("k"), false)) }},
		{"AnotherRequestIsAReusedKey", (*ledgerTest).anotherRequest},
		{"ALeaseThatRanOutIsClaimed", (*ledgerTest).lapsedLease},
		{"AClaimOutlivesItsLeaseUntilTheNext", (*ledgerTest).lapsedClaim},
		{"UpdateRenewsTheLease", (*ledgerTest).update},
		{"FinishEndsTheRecord", (*ledgerTest).finish},
		{"ACopyBelongsToOneKey", (*ledgerTest).copyTaken},
		{"AbandonForgetsTheKey", (*ledgerTest).abandon},
		{"RemoveForgetsTheKeyInAnyState", (*ledgerTest).remove},
		{"OwnersAreFoundByTheirCopies", (*ledgerTest).owners},
		{"PendingYieldsWhatIsSentAndNotDone", (*ledgerTest).pending},
		{"ListYieldsAll", (*ledgerTest).list},
		{"ALoopMayUseTheLedger", (*ledgerTest).loopUses},
		{"AnIndexSaysWhatListDoes", (*ledgerTest).index},
		{"OneOfManyBegins", (*ledgerTest).manyBegin},
		{"OneOfManyFinishesWithACopy", (*ledgerTest).manyFinish},
		{"EachKeyIsSentOnceThoughAnswersAreLost", (*ledgerTest).lossyRun},
		{"AClockThatIsSetHidesNoCopy", (*ledgerTest).clockSteps},
		{"AClockThatJumpedHoldsAKeyForOneLease", (*ledgerTest).clockJumps},
		{"AnEndedContextEndsEverything", (*ledgerTest).endedContext},
	} {
		t.Run(tt.name, func(t *testing.T) {
			store := newStore(t)
			tt.test(&ledgerTest{T: t, store: store, Ledger: store.Open(t)})
		})
	}
}

type ledgerTest struct {
	*testing.T
	once.Ledger
	store Store
}

const (
	longLease  = time.Hour
	shortLease = 50 * time.Millisecond
)

func (t *ledgerTest) storedWhole() {
	want := fullRecord("k")
	claim := t.begin(want, false)
	t.same(claim, want)
	t.same(t.listed()["k"], want)

	want.Token = claim.Token
	want.SentAt, want.LookedAt, want.Since = time.Time{}, time.Time{}, time.Time{}
	want.Seen, want.Dismissed, want.Outcome = nil, nil, agentcopy.OutcomeUnknown
	t.must("Update that empties the record", t.Update(t.Context(), want, longLease))
	t.same(t.listed()["k"], want)

	want = sameClaim(fullRecord("k"), claim)
	t.must("Update that fills it", t.Update(t.Context(), want, longLease))
	t.same(t.listed()["k"], want)
	want.Dismissed = append(want.Dismissed, "another")
	t.release(want)
	stored := t.begin(recordOf("k"), true)
	t.same(stored, want)
	want = sameClaim(want, stored)
	t.same(t.listed()["k"], want)
	done := t.finishAs(want, "1")
	t.same(t.listed()["k"], done)
}

func (t *ledgerTest) notStored() {
	r := recordOf("k")
	r.Request.IdempotencyKey = "secret"
	claim := t.begin(r, false)
	check := func(method string, r once.Record) {
		if r.Request.IdempotencyKey != "" {
			t.Errorf("%s stored the IdempotencyKey: leave it out", method)
		}
		if r.Copy.Body != nil || r.Copy.Attempts != nil {
			t.Errorf("%s stored the Body or the Attempts of the copy, which may hold user data: leave them out", method)
		}
	}
	check("Begin", claim)
	check("Begin", t.listed()["k"])
	claim.Request.IdempotencyKey = "secret"
	t.must("Update", t.Update(t.Context(), claim, longLease))
	check("Update", t.listed()["k"])
	done := doneAs(claim, "1")
	done.Copy.Body, done.Copy.Attempts = []byte("user data"), []agentcopy.Attempt{{}}
	t.must("Finish", t.Finish(t.Context(), done))
	check("Finish", t.listed()["k"])
	check("Begin of a done key", t.begin(recordOf("k"), true))
}

// anyKey uses odd keys, and IDs and names as odd.
func (t *ledgerTest) anyKey() {
	keys := []string{
		"a", "A", " a", "a ", "a\x00", "a\x00b", "a/b", `"a"`, `a\`, `a\x00`, `a\0`, "a\nb", "a\r\nb", "'a'", "a%", "a_", "$1", "?1",
		"\u00e4", "a\u0308", "{a}", "%61", "\xff", "\xfe", "\ufffd", "\u2028", "\U0001F600", strings.Repeat("k", 1024),
	}
	odd := func(key string) once.Record {
		r := recordOf(key)
		r.Request.SourceID, r.Request.Name = "source of "+key, "name of "+key
		r.Identity.SearchKey, r.Identity.Account, r.Identity.Template = r.Request.Name, "account of "+key, "template of "+key
		r.Seen = []agentcopy.Candidate{{Copy: agentcopy.Copy{ID: key, Name: key}, Reason: key}}
		r.Dismissed = []string{key}
		return r
	}
	want := map[string]once.Record{}
	for _, key := range keys {
		claim := t.begin(odd(key), false)
		want[key] = t.finishAs(sameClaim(odd(key), claim), "copy of "+key)
	}
	for _, key := range keys {
		r := t.begin(odd(key), true)
		t.same(r, want[key])
		t.same(t.owner(r.Ref()), want[key])
	}
	listed := t.listed()
	for _, key := range keys {
		t.same(listed[key], want[key])
	}
	if len(listed) != len(keys) {
		t.Errorf("List yields %d records, want %d: compare keys byte by byte, without folding or padding", len(listed), len(keys))
	}
}

// isCut has another caller try to claim the key, for whom it is free after a short lease.
func (t *ledgerTest) isCut(claim once.Record) {
	t.Helper()
	_, _, err := t.Begin(t.Context(), recordOf(claim.Key), shortLease)
	t.mustFail("Begin of a held key", err, once.ErrInProgress)
	t.waitForClaim(claim.Key, shortLease)
	t.mustBeLost("a claim that another one followed", claim)
}

func (t *ledgerTest) anotherRequest() {
	others := map[string]func(*once.Record){
		"source":   func(r *once.Record) { r.Request.SourceID = "other" },
		"name":     func(r *once.Record) { r.Request.Name = "other" },
		"provider": func(r *once.Record) { r.Identity.Provider = "other" },
		"origin":   func(r *once.Record) { r.Identity.Origin = "other" },
		"account":  func(r *once.Record) { r.Identity.Account = "other" },
		"template": func(r *once.Record) { r.Identity.Template = "other" },
	}
	refuse := func(state string) {
		for what, change := range others {
			r := recordOf("k")
			change(&r)
			t.mustFail("Begin with another "+what+", "+state, t.tryBegin(r), once.ErrKeyReused)
		}
	}
	r := t.begin(recordOf("k"), false)
	refuse("while the lease is held")
	t.release(r)
	refuse("while the lease is free")
	r = recordOf("k")
	r.Identity.SearchKey, r.Sends, r.Since = "other", 9, r.Since.Add(time.Hour) // no part of the request
	t.finishAs(t.begin(r, true), "1")
	refuse("when it is done")
}

func (t *ledgerTest) lapsedLease() {
	stale := t.beginFor(recordOf("k"), shortLease, false)
	fresh := t.waitForClaim("k", longLease)
	t.mustBeLost("a claim that another one followed", stale)
	t.same(t.listed()["k"], recordOf("k"))
	t.finishAs(fresh, "1")
}

func (t *ledgerTest) lapsedClaim() {
	r := t.beginFor(recordOf("k"), shortLease, false)
	time.Sleep(4 * shortLease)
	r.Sends = 2
	t.must("Update after the lease ran out", t.Update(t.Context(), r, shortLease))
	time.Sleep(4 * shortLease)
	t.finishAs(r, "1")
}

func (t *ledgerTest) update() {
	r := t.beginFor(sent(recordOf("k")), shortLease, false)
	r.Outcome, r.Sends, r.Since = agentcopy.OutcomeCopied, 3, r.Since.Add(-time.Hour)
	t.must("Update", t.Update(t.Context(), r, longLease))
	time.Sleep(4 * shortLease)
	t.mustFail("Begin of a renewed key", t.tryBegin(recordOf("k")), once.ErrInProgress)
	t.same(t.listed()["k"], r)

	t.must("Update again, as after a lost answer", t.Update(t.Context(), r, longLease))
	t.same(t.listed()["k"], r)
	t.release(r)
	t.same(t.begin(recordOf("k"), true), r)
}

func (t *ledgerTest) finish() {
	claim := t.begin(recordOf("k"), false)
	want := t.finishAs(claim, "1")
	if err := t.Finish(t.Context(), want); err != nil && !errors.Is(err, once.ErrLeaseLost) {
		t.Errorf("Finish again, as after a lost answer: got %v, want nil or ErrLeaseLost", err)
	}
	for range 2 { // nothing is claimed
		t.same(t.begin(recordOf("k"), true), want)
	}
	t.same(t.listed()["k"], want)
	t.same(t.owner(want.Ref()), want)
	t.mustBeLost("a claim of what is done", claim)
	t.same(t.begin(recordOf("k"), true), want)
}

func (t *ledgerTest) copyTaken() {
	t.finishAs(t.begin(recordOf("first"), false), "1")
	second := t.begin(recordOf("second"), false)
	t.mustFail("Finish with the copy of another key", t.Finish(t.Context(), doneAs(second, "1")), once.ErrCopyTaken)
	t.same(t.listed()["second"], second)
	t.must("Update after that", t.Update(t.Context(), second, longLease))
	t.finishAs(second, "2")

	elsewhere := recordOf("elsewhere")
	elsewhere.Identity.Origin = "https://other.example"
	t.finishAs(t.begin(elsewhere, false), "1")
	another := doneAs(t.begin(recordOf("another"), false), "1")
	another.Copy.Provider = "another vendor"
	t.must("Finish with the ID of another vendor", t.Finish(t.Context(), another))
}

func (t *ledgerTest) abandon() {
	r := t.begin(recordOf("k"), false)
	t.must("Abandon", t.Abandon(t.Context(), r))
	if records := t.listed(); len(records) != 0 {
		t.Errorf("List yields %d records after Abandon of the only one", len(records))
	}
	t.mustBeLost("an abandoned claim", r)
	other := recordOf("k")
	other.Request.Name = "another"
	t.finishAs(t.begin(other, false), "1")
	t.mustBeLost("an abandoned claim, later", r)
}

func (t *ledgerTest) remove() {
	t.must("Remove of a key that is not there", t.Remove(t.Context(), "k"))
	pending := t.begin(recordOf("k"), false)
	t.must("Remove", t.Remove(t.Context(), "k"))
	t.mustBeLost("a claim of what was removed", pending)
	done := t.finishAs(t.begin(recordOf("k"), false), "1")
	t.mustBeLost("a claim of what was removed, later", pending)
	t.must("Remove of a key that is done", t.Remove(t.Context(), "k"))
	if owners := t.ownersOf(done.Ref()); len(owners) != 0 {
		t.Errorf("a key that was removed still owns its copy: %v", owners)
	}
	t.finishAs(t.begin(recordOf("other"), false), "1")
}

func (t *ledgerTest) owners() {
	if owners := t.ownersOf(); len(owners) != 0 {
		t.Errorf("Owners of no refs returned %d records", len(owners))
	}
	var refs []once.CopyRef
	want := map[once.CopyRef]once.Record{}
	for i := range 300 {
		key := fmt.Sprint("k", i)
		r := doneAs(recordOf(key), "copy of "+key)
		refs = append(refs, r.Ref(), r.Ref()) // a ref may come twice
		if i%3 == 0 {
			want[r.Ref()] = t.finishAs(t.begin(recordOf(key), false), r.Copy.ID)
		}
	}
	t.begin(recordOf("k1"), false) // not done
	owners := t.ownersOf(refs...)
	if len(owners) != len(want) {
		t.Errorf("Owners returned %d records, want %d: those that are done and have one of the refs", len(owners), len(want))
	}
	for ref, r := range want {
		t.same(owners[ref], r)
	}
}

func (t *ledgerTest) pending() {
	all := agentcopy.Identity{}
	t.yields("Pending of an empty ledger", t.Pending(t.Context(), all, time.Time{}))
	start := now().Add(-time.Hour)
	begin := func(key string, sentAt time.Time, change func(*once.Record)) once.Record {
		r := recordOf(key)
		r.SentAt = sentAt
		if change != nil {
			change(&r)
		}
		return t.begin(r, false)
	}
	begin("not sent", time.Time{}, nil)
	t.finishAs(begin("done", start, nil), "1")
	early := begin("early", start, nil)
	late := begin("late", start.Add(10*time.Minute), nil)
	begin("account", start, func(r *once.Record) { r.Identity.Account = "other" })
	begin("origin", start, func(r *once.Record) { r.Identity.Origin = "https://other.example" })
	begin("provider", start, func(r *once.Record) { r.Identity.Provider = "other" })

	id := agentcopy.Identity{Provider: early.Identity.Provider, Origin: early.Identity.Origin, Account: early.Identity.Account,
		Template: "of no matter", SearchKey: "of no matter", SourceID: "of no matter"}
	for range 2 { // a sequence can be ranged over again
		t.yields("Pending of all", t.Pending(t.Context(), all, time.Time{}), "account", "early", "late", "origin", "provider")
		t.yields("Pending of an identity", t.Pending(t.Context(), id, time.Time{}), "early", "late")
	}
	t.yields("Pending since a time", t.Pending(t.Context(), all, start.Add(5*time.Minute)), "late")
	t.yields("Pending of an identity since its earliest", t.Pending(t.Context(), id, start), "early", "late")
	t.yields("Pending of an identity since a time", t.Pending(t.Context(), id, start.Add(5*time.Minute)), "late")
	t.yields("Pending of an identity since later", t.Pending(t.Context(), id, start.Add(time.Hour)))
	id.Account = "nobody"
	t.yields("Pending of an account without records", t.Pending(t.Context(), id, time.Time{}))

	id.Account = early.Identity.Account
	early.SentAt = time.Time{} // provably not sent after all
	t.must("Update", t.Update(t.Context(), early, longLease))
	t.yields("Pending after an Update", t.Pending(t.Context(), id, time.Time{}), "late")
	early.SentAt = start
	t.release(early)
	t.yields("Pending after a Release", t.Pending(t.Context(), id, time.Time{}), "early", "late")
	late.SentAt = start.Add(-time.Minute) // it may move back
	t.must("Update", t.Update(t.Context(), late, longLease))
	t.yields("Pending after SentAt moved back", t.Pending(t.Context(), id, start), "early")
	for r, err := range t.Pending(t.Context(), id, start) {
		t.must("Pending", err)
		t.same(r, early)
	}
	t.must("Abandon", t.Abandon(t.Context(), late))
	t.must("Remove", t.Remove(t.Context(), "early"))
	t.yields("Pending after the end of all", t.Pending(t.Context(), id, time.Time{}))
}

func (t *ledgerTest) list() {
	t.yields("List of an empty ledger", t.List(t.Context()))
	t.begin(recordOf("a"), false)
	t.begin(sent(recordOf("b")), false)
	t.finishAs(t.begin(recordOf("c"), false), "c")
	list := t.List(t.Context())
	for range 2 {
		t.yields("List", list, "a", "b", "c")
	}
	for range list {
		break
	}
	t.must("Remove", t.Remove(t.Context(), "b"))
	t.yields("List after Remove", list, "a", "c")
}

// loopUses runs over many records, and changes some of them meanwhile.
func (t *ledgerTest) loopUses() {
	const n = 300
	for i := range n {
		t.release(t.begin(sent(recordOf(fmt.Sprint(i))), false))
	}
	t.begin(sent(recordOf("held")), false)
	loop := func(what string, records iter.Seq2[once.Record, error], use func(once.Record)) {
		seen := t.keysOf(what, records, func(r once.Record) {
			if r.Key != "held" {
				use(r)
			}
		})
		if len(seen) != n+1 {
			t.Errorf("%s yields %d records, want %d", what, len(seen), n+1)
		}
	}
	loop("Pending", t.Pending(t.Context(), agentcopy.Identity{}, time.Time{}), func(r once.Record) {
		t.finishAs(t.begin(recordOf(r.Key), true), "copy of "+r.Key)
	})
	t.yields("Pending", t.Pending(t.Context(), agentcopy.Identity{}, time.Time{}), "held")
	loop("List", t.List(t.Context()), func(r once.Record) { t.must("Remove", t.Remove(t.Context(), r.Key)) })
	t.yields("List", t.List(t.Context()), "held")
}

func (t *ledgerTest) index() {
	index, ok := t.Ledger.(once.Index)
	if !ok {
		t.Skip("the ledger implements no once.Index")
	}
	get := func(key string) (once.Record, bool) {
		r, found, err := index.Get(t.Context(), key)
		t.must("Get", err)
		return r, found
	}
	if _, found := get("k"); found {
		t.Error("Get finds a key that is not there")
	}
	full := fullRecord("k")
	t.begin(full, false)
	r, _ := get("k")
	t.same(r, full)

	id := agentcopy.Identity{Provider: "acme", Origin: "https://acme.example", Account: "a", Template: "t", SearchKey: "of no matter"}
	keeps := func(when string, want bool) {
		t.Helper()
		got, err := index.KeepsNames(t.Context(), id)
		t.must("KeepsNames", err)
		if got != want {
			t.Errorf("KeepsNames %s: got %v, want %v: it is whether Record.ShowsKeptName holds for a done record of the Provider, Origin, Account and Template", when, got, want)
		}
	}
	finish := func(key, name string, found bool, change func(*once.Record)) once.Record {
		r := recordOf(key)
		r.Identity.Account, r.Identity.Template = id.Account, id.Template
		if change != nil {
			change(&r)
		}
		done := doneAs(t.begin(r, false), "copy of "+key)
		done.Copy.Name, done.Found = name, found
		t.must("Finish", t.Finish(t.Context(), done))
		return done
	}
	keeps("of an empty ledger", false)
	finish("renamed", "new (1)", false, func(r *once.Record) { r.Request.Name = "new (1)" }) // SearchKey counts
	finish("nameless", "", false, func(r *once.Record) { r.Identity.SearchKey = "" })
	finish("found", "new", true, nil)
	finish("other account", "new", false, func(r *once.Record) { r.Identity.Account = "b" })
	finish("other template", "new", false, func(r *once.Record) { r.Identity.Template = "u" })
	finish("other origin", "new", false, func(r *once.Record) { r.Identity.Origin = "https://other.example" })
	finish("other vendor", "new", false, func(r *once.Record) { r.Identity.Provider = "other" })
	keeps("after records that show nothing", false)
	done := finish("kept", "new", false, nil)
	keeps("after a copy that has the name asked for", true)
	r, _ = get("kept")
	t.same(r, done)
	t.must("Remove", t.Remove(t.Context(), "kept"))
	keeps("after that record was removed", false)
	if _, found := get("kept"); found {
		t.Error("Get finds a key that was removed")
	}
}

func (t *ledgerTest) handles() {
	other := &ledgerTest{T: t.T, Ledger: t.store.Open(t.T)}
	want := fullRecord("k")
	claim := t.begin(want, false)
	t.mustFail("Begin of a held key", t.tryBegin(recordOf("k")), once.ErrInProgress)
	t.mustFail("Begin on another handle", other.tryBegin(recordOf("k")), once.ErrInProgress)
	t.release(sameClaim(want, claim))
	r := other.begin(recordOf("k"), true)
	t.same(r, want)
	if r.Token == claim.Token {
		t.Errorf("both claims have the token %d: give each claim of a key a new Record.Token", r.Token)
	}
	t.mustBeLost("a claim that another handle followed", claim)
	t.mustFail("Begin of a key claimed again", t.tryBegin(recordOf("k")), once.ErrInProgress)
	done := other.finishAs(r, "1")
	t.same(t.begin(recordOf("k"), true), done)
	t.same(t.owner(done.Ref()), done)
}

func (t *ledgerTest) manyBegin() {
	t.oneOfMany("claims of one key", once.ErrInProgress, func(l once.Ledger, i int) error {
		_, _, err := l.Begin(t.Context(), recordOf("k"), longLease)
		return err
	})
}

func (t *ledgerTest) manyFinish() {
	owner := t.oneOfMany("keys that finished with one copy", once.ErrCopyTaken, func(l once.Ledger, i int) error {
		r, _, err := l.Begin(t.Context(), recordOf(fmt.Sprint(i)), longLease)
		if err != nil {
			return err
		}
		return l.Finish(t.Context(), doneAs(r, "1"))
	})
	if r := t.listed()[fmt.Sprint(owner)]; r.Copy.ID != "1" {
		t.Errorf("the owner has the copy %q, want the one that Finish stored", r.Copy.ID)
	}
}

// oneOfMany calls try 64 times at once, on two handles. It must succeed once, and fail
// with want otherwise. It returns which one succeeded.
func (t *ledgerTest) oneOfMany(what string, want error, try func(l once.Ledger, i int) error) (winner int) {
	handles := []once.Ledger{t.Ledger, t.store.Open(t.T)}
	var errs [64]error
	concurrently(len(errs), func(i int) { errs[i] = try(handles[i%2], i) })
	succeeded := 0
	for i, err := range errs {
		if err == nil {
			winner = i
			succeeded++
			continue
		}
		t.mustFail(what, err, want)
	}
	if succeeded != 1 {
		t.Fatalf("%d of %d %s succeeded, want 1: %s", succeeded, len(errs), what, advice[want])
	}
	return winner
}

// lossyRun lets many callers on two handles, which lose one answer in five,
// bring each key to its end by the simplest rule there is: send what was
// not sent, and claim what was.
func (t *ledgerTest) lossyRun() {
	const keys, callers = 20, 8
	var sends [keys]atomic.Int64
	var answers atomic.Int64
	isLost := func() bool { return answers.Add(1)%5 == 0 }
	handles := []once.Ledger{t.Ledger, t.store.Open(t.T)}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	run := func(l once.Ledger, i int) (done bool) {
		r, _, err := l.Begin(ctx, recordOf(fmt.Sprint(i)), shortLease)
		if err != nil || isLost() {
			return false
		}
		if r.Done() {
			return true
		}
		if !r.Sent() {
			r.Since, r.SentAt, r.Sends = now(), now(), 1
			if l.Update(ctx, r, shortLease) != nil || isLost() {
				return false // not known, so not sent
			}
			sends[i].Add(1)
		}
		_ = l.Finish(ctx, doneAs(r, fmt.Sprint("copy ", i)))
		return false // the next Begin tells
	}
	concurrently(callers, func(c int) {
		for i := range keys {
			for i := (i + c) % keys; ctx.Err() == nil && !run(handles[c%2], i); {
				time.Sleep(shortLease / 10)
			}
		}
	})
	if ctx.Err() != nil {
		t.Fatal("some keys did not come to their end within a minute")
	}
	for i, r := range t.listed() {
		if r.Copy.ID != "copy "+i {
			t.Errorf("key %s has the copy %q, want the one that Finish stored", i, r.Copy.ID)
		}
	}
	for i := range sends {
		if n := sends[i].Load(); n > 1 {
			t.Errorf("key %d was sent %d times: a Begin must return what the latest Update stored, also if its answer was lost", i, n)
		}
	}
}

func (t *ledgerTest) clockSteps() {
	for i, step := range []time.Duration{-time.Hour, 2 * time.Hour, -time.Hour} {
		want := fullRecord(fmt.Sprint("step ", i))
		claim := t.begin(want, false)
		t.release(sameClaim(want, claim))
		if !t.store.StepClock(step) {
			t.Skip("the store's clock cannot be set")
		}
		check := func(what string, r once.Record) {
			if r.Since.After(want.Since) {
				t.Errorf("%s, clock set by %v: Since is %v later than the writer's: store the writer's time beside your own, and return the earlier", what, step, r.Since.Sub(want.Since))
			}
			if r.SentAt.Before(want.SentAt) {
				t.Errorf("%s, clock set by %v: SentAt is %v earlier than the writer's: store the writer's time beside your own, and return the later", what, step, want.SentAt.Sub(r.SentAt))
			}
			if step < 0 && r.SentAt.After(time.Now().Add(time.Minute)) {
				t.Errorf("%s, clock set by %v: SentAt lies %v ahead of the reader's clock: convert by the age of the record on your clock", what, step, time.Until(r.SentAt))
			}
		}
		check("List", t.listed()[want.Key])
		for r, err := range t.Pending(t.Context(), want.Identity, want.SentAt) {
			t.must("Pending", err)
			check("Pending", r)
		}
		again := t.begin(want, true)
		check("Begin", again)
		t.finishAs(again, want.Key)
	}
}

func (t *ledgerTest) clockJumps() {
	if !t.store.StepClock(24 * time.Hour) {
		t.Skip("the store's clock cannot be set")
	}
	claim := t.begin(recordOf("k"), false)
	t.store.StepClock(-24 * time.Hour) // now it is held for another day
	t.isCut(claim)
}

func (t *ledgerTest) endedContext() {
	claim := t.begin(recordOf("k"), false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	start := time.Now()
	errs := map[string]error{
		"Update": t.Update(ctx, claim, 0), "Release": t.Release(ctx, claim), "Finish": t.Finish(ctx, doneAs(claim, "1")),
		"Abandon": t.Abandon(ctx, claim), "Remove": t.Remove(ctx, "k"),
	}
	_, _, errs["Begin"] = t.Begin(ctx, recordOf("new"), longLease)
	_, errs["Owners"] = t.Owners(ctx, []once.CopyRef{claim.Ref()})
	if index, ok := t.Ledger.(once.Index); ok {
		_, _, errs["Get"] = index.Get(ctx, "k")
		_, errs["KeepsNames"] = index.KeepsNames(ctx, claim.Identity)
	}
	for method, err := range errs {
		t.mustFail(method, err, context.Canceled)
	}
	for name, records := range map[string]iter.Seq2[once.Record, error]{
		"Pending": t.Pending(ctx, agentcopy.Identity{}, time.Time{}), "List": t.List(ctx),
	} {
		n := 0
		for _, err := range records {
			t.mustFail(name, err, context.Canceled)
			n++
		}
		if n != 1 {
			t.Errorf("%s yields %d times in an ended context, want its error once", name, n)
		}
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("calls in an ended context took %v", d)
	}
	records := t.listed()
	if left := records["k"]; len(records) != 1 || left.Done() {
		t.Errorf("calls in an ended context changed the ledger: it has %d records", len(records))
	}
}
