package oncetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

// Helpers of TestLedger.

// now is the time without what a database does not keep.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// recordOf is a record as a Runner begins it.
func recordOf(key string) once.Record {
	return once.Record{
		Key:      key,
		Identity: agentcopy.Identity{Provider: "acme", Origin: "https://acme.example", Account: "workspace", SearchKey: "new"},
		Request:  agentcopy.CopyRequest{SourceID: "source-1", Name: "new"},
	}
}

// sent is r after its request went out.
func sent(r once.Record) once.Record {
	r.Since, r.SentAt, r.Sends = now(), now(), 1
	return r
}

// fullRecord has something in every field but those of a copy.
func fullRecord(key string) once.Record {
	r := recordOf(key)
	at := now().Add(-10 * time.Minute)
	r.Identity.SourceID, r.Identity.SearchKey = "SOURCE-1", "<b>\u00e4rger</b> & \"so\"\u2028"
	r.Since, r.SentAt, r.LookedAt = at, at.Add(time.Minute), at.Add(2*time.Minute)
	r.Sends, r.Outcome = 7, agentcopy.OutcomeCopied
	r.Seen = []agentcopy.Candidate{
		{
			Copy: agentcopy.Copy{Provider: "acme", SourceID: "source-1", ID: "9", Name: "new ", CreatedAt: at},
			Made: at.Add(123 * time.Millisecond), Match: agentcopy.MatchCertain, Reason: `named "new "`,
		},
		{Copy: agentcopy.Copy{ID: "10"}},
	}
	r.Dismissed = []string{"11", ""}
	return r
}

// doneAs is r with a copy.
func doneAs(r once.Record, id string) once.Record {
	r.Found = true
	r.Copy = agentcopy.Copy{
		Provider: "acme", SourceID: r.Request.SourceID, ID: id, Name: r.Request.Name,
		CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC),
	}
	return r
}

// sameClaim is r with the token of claim.
func sameClaim(r, claim once.Record) once.Record {
	r.Token = claim.Token
	return r
}

func (t *ledgerTest) begin(r once.Record, wantFound bool) once.Record {
	t.Helper()
	return t.beginFor(r, longLease, wantFound)
}

func (t *ledgerTest) beginFor(r once.Record, lease time.Duration, wantFound bool) once.Record {
	t.Helper()
	stored, found, err := t.Begin(t.Context(), r, lease)
	if err != nil || found != wantFound {
		t.Fatalf("Begin of %q: found %v, %v; want found %v: found tells whether there was a record of the key", r.Key, found, err, wantFound)
	}
	return stored
}

func (t *ledgerTest) tryBegin(r once.Record) error {
	_, _, err := t.Begin(t.Context(), r, longLease)
	return err
}

// waitForClaim claims a key as soon as its lease has run out, for lease.
func (t *ledgerTest) waitForClaim(key string, lease time.Duration) once.Record {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(shortLease / 5) {
		r, found, err := t.Begin(t.Context(), recordOf(key), lease)
		switch {
		case err == nil && found:
			return r
		case !errors.Is(err, once.ErrInProgress) || time.Now().After(deadline):
			t.Fatalf("Begin of a key whose lease of %v has run out: found %v, %v: let the next Begin claim it", shortLease, found, err)
		}
	}
}

// release gives the lease of r up.
func (t *ledgerTest) release(r once.Record) {
	t.Helper()
	t.must("Release", t.Release(t.Context(), r))
}

// finishAs ends r with a copy and returns it as it is to be stored.
func (t *ledgerTest) finishAs(r once.Record, id string) once.Record {
	t.Helper()
	done := doneAs(r, id)
	t.must("Finish", t.Finish(t.Context(), done))
	return done
}

// mustBeLost requires that a claim changes nothing any more.
func (t *ledgerTest) mustBeLost(what string, r once.Record) {
	t.Helper()
	before := t.listed()
	r.Sends = 99
	t.mustFail("Update by "+what, t.Update(t.Context(), r, longLease), once.ErrLeaseLost)
	t.mustFail("Release by "+what, t.Release(t.Context(), r), once.ErrLeaseLost)
	t.mustFail("Finish by "+what, t.Finish(t.Context(), doneAs(r, "of "+what)), once.ErrLeaseLost)
	t.mustFail("Abandon by "+what, t.Abandon(t.Context(), r), once.ErrLeaseLost)
	after := t.listed()
	if len(before) != len(after) {
		t.Fatalf("%s: %d records became %d", what, len(before), len(after))
	}
	for key := range before {
		t.alike(after[key], before[key], -slack)
	}
}

// slack is how much earlier Since and later SentAt may be given than they were
// stored, which it takes to ask a shared ledger.
const slack = 2 * time.Second

// same compares what a record says with what was stored. Tokens are the ledger's.
func (t *ledgerTest) same(got, want once.Record) {
	t.Helper()
	t.alike(got, want, 0)
}

// alike compares two records. SentAt may be given earlier by early.
func (t *ledgerTest) alike(got, want once.Record, early time.Duration) {
	t.Helper()
	between := func(what string, given, stored time.Time, least, most time.Duration) {
		t.Helper()
		if d := given.Sub(stored); d < least || d > most { // absurdly much if one is zero
			t.Errorf("%s of %q: it differs by %v from what was stored; want between %v and %v: return a time as it was stored, or, "+
				"where the store's own clock says otherwise, the earlier Since and the later SentAt", what, want.Key, d, least, most)
		}
	}
	between("Since", got.Since, want.Since, -slack, -early)
	between("SentAt", got.SentAt, want.SentAt, early, slack)
	between("LookedAt", got.LookedAt, want.LookedAt, -slack, slack)
	if g, w := flat(got), flat(want); g != w {
		t.Errorf("a record came back changed: store every field but Copy.Body, Copy.Attempts and IdempotencyKey, byte by byte\n got %s\nwant %s", g, w)
	}
}

// flat is all that must be exactly so, as a text.
func flat(r once.Record) string {
	type flatCopy struct{ Provider, SourceID, ID, Name, CreatedAt string }
	stamp := func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
	copyOf := func(c agentcopy.Copy) flatCopy {
		return flatCopy{c.Provider, c.SourceID, c.ID, c.Name, stamp(c.CreatedAt)}
	}
	text := fmt.Sprintf("key %q, identity %q, request %q %q, sends %d, outcome %v, found %v, dismissed %q, copy %+q",
		r.Key, []string{r.Identity.Provider, r.Identity.Origin, r.Identity.Account, r.Identity.Template, r.Identity.SourceID, r.Identity.SearchKey},
		r.Request.SourceID, r.Request.Name, r.Sends, r.Outcome, r.Found, r.Dismissed, copyOf(r.Copy))
	for _, c := range r.Seen {
		text += fmt.Sprintf(", seen %+q %v %q %s", copyOf(c.Copy), c.Match, c.Reason, stamp(c.Made))
	}
	return text
}

// listed returns all records by key.
func (t *ledgerTest) listed() map[string]once.Record {
	t.Helper()
	records := map[string]once.Record{}
	for r, err := range t.List(t.Context()) {
		t.must("List", err)
		records[r.Key] = r
	}
	return records
}

func (t *ledgerTest) ownersOf(refs ...once.CopyRef) map[once.CopyRef]once.Record {
	t.Helper()
	owners, err := t.Owners(t.Context(), refs)
	t.must("Owners", err)
	return owners
}

// owner returns the record that has ref.
func (t *ledgerTest) owner(ref once.CopyRef) once.Record {
	t.Helper()
	r, found := t.ownersOf(ref)[ref]
	if !found {
		t.Fatalf("Owners has no record of %v: find done records by Record.Ref", ref)
	}
	return r
}

func (t *ledgerTest) yields(what string, records iter.Seq2[once.Record, error], want ...string) {
	t.Helper()
	if keys := t.keysOf(what, records, func(once.Record) {}); !slices.Equal(keys, want) {
		t.Errorf("%s yields the keys %q, want %q: see the doc of the method", what, keys, want)
	}
}

// keysOf returns the keys of records, sorted, and has use use each record.
func (t *ledgerTest) keysOf(what string, records iter.Seq2[once.Record, error], use func(once.Record)) []string {
	t.Helper()
	seen := map[string]bool{}
	for r, err := range records {
		t.must(what, err)
		if seen[r.Key] {
			t.Errorf("%s yields %q twice", what, r.Key)
		}
		seen[r.Key] = true
		use(r)
	}
	return slices.Sorted(maps.Keys(seen))
}

func (t *ledgerTest) must(what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func (t *ledgerTest) mustFail(what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v: %s", what, err, want, advice[want])
	}
}

// advice is what to do where a ledger does not return an error that it should.
var advice = map[error]string{
	once.ErrLeaseLost:  "compare Record.Token with that of the latest claim, in the same transaction or statement that writes",
	once.ErrInProgress: "claim a key only if it has no lease or its lease has run out, in the same transaction that reads it",
	once.ErrKeyReused:  "compare the records by Record.SameRequest before everything else",
	once.ErrCopyTaken:  "give Record.Ref of done records a unique index, and change nothing if another key has it",
	context.Canceled:   "return when ctx ends, with an error that matches ctx.Err()",
}

// concurrently runs f n times at once.
func concurrently(n int, f func(i int)) {
	var running sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		running.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	running.Wait()
}
