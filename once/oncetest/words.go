package oncetest

import (
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

// This file has the words that the tests of TestLedger are written in.

// intentOf is a record as Once begins it.
func intentOf(key string) once.Record {
	return once.Record{
		Key:      key,
		Identity: agentcopy.Identity{Provider: "acme", Origin: "https://acme.example", Mark: "new"},
		Request:  agentcopy.CopyRequest{SourceID: "source-1", Name: "new"},
		Since:    time.Now().UTC().Truncate(time.Second),
		Rounds:   1,
	}
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

func (t *ledgerTest) begin(r once.Record, wantFound bool) once.Record {
	t.Helper()
	stored, found, err := t.Begin(t.Context(), r, longLease)
	if err != nil || found != wantFound {
		t.Fatalf("Begin of %q: found %v, %v; want found %v", r.Key, found, err, wantFound)
	}
	return stored
}

func (t *ledgerTest) beginFor(r once.Record, lease time.Duration) once.Record {
	t.Helper()
	stored, _, err := t.Begin(t.Context(), r, lease)
	t.must("Begin", err)
	return stored
}

func (t *ledgerTest) tryBegin(r once.Record) error {
	_, _, err := t.Begin(t.Context(), r, longLease)
	return err
}

// waitForClaim claims a key as soon as its lease has run out.
func (t *ledgerTest) waitForClaim(key string) once.Record {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(shortLease / 5) {
		r, found, err := t.Begin(t.Context(), intentOf(key), longLease)
		switch {
		case err == nil && found:
			return r
		case !errors.Is(err, once.ErrInProgress) || time.Now().After(deadline):
			t.Fatalf("Begin of a key with a lease of %v: found %v, %v", shortLease, found, err)
		}
	}
}

// release gives the lease of r up.
func (t *ledgerTest) release(r once.Record) {
	t.Helper()
	t.must("Update with a lease of zero", t.Update(t.Context(), r, 0))
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
	r.Rounds = 99
	t.mustFail("Update by "+what, t.Update(t.Context(), r, longLease), once.ErrLeaseLost)
	t.mustFail("Finish by "+what, t.Finish(t.Context(), doneAs(r, "of "+what)), once.ErrLeaseLost)
	t.mustFail("Abandon by "+what, t.Abandon(t.Context(), r), once.ErrLeaseLost)
	after := t.listed()
	if len(before) != len(after) {
		t.Fatalf("%s: %d records became %d", what, len(before), len(after))
	}
	for key := range before {
		t.same(after[key], before[key])
	}
}

// same compares what a record says. The times of a shared ledger are converted,
// which takes a moment; tokens are its own.
func (t *ledgerTest) same(got, want once.Record) {
	t.Helper()
	if d := got.Since.Sub(want.Since); d < -2*time.Second || d > 2*time.Second {
		t.Errorf("Since: got %v, want %v", got.Since, want.Since)
	}
	if !got.Copy.CreatedAt.Equal(want.Copy.CreatedAt) {
		t.Errorf("Copy.CreatedAt: got %v, want %v", got.Copy.CreatedAt, want.Copy.CreatedAt)
	}
	for _, r := range []*once.Record{&got, &want} {
		r.Since, r.Copy.CreatedAt, r.Token = time.Time{}, time.Time{}, 0
	}
	// The bodies, which no ledger keeps, make records incomparable.
	if got, want := fmt.Sprintf("%+v %q", got, got.Copy.SourceID), fmt.Sprintf("%+v %q", want, want.Copy.SourceID); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
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

func (t *ledgerTest) yields(what string, records iter.Seq2[once.Record, error], want ...string) {
	t.Helper()
	got := map[string]bool{}
	for r, err := range records {
		t.must(what, err)
		if got[r.Key] {
			t.Errorf("%s yields %q twice", what, r.Key)
		}
		got[r.Key] = true
	}
	if keys := slices.Sorted(maps.Keys(got)); !slices.Equal(keys, want) {
		t.Errorf("%s: got %q, want %q", what, keys, want)
	}
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
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
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
