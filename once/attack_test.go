package once_test

import (
	"context"
	"errors"
	"html"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

// hostile is a vendor and its Copier, which sorts agents by agentcopy.MatchAgent. What
// it does is set by its fields.
type hostile struct {
	account string
	rename  func(string) string
	outcome func(n int) hostileAnswer // to the n-th request
	hidden  func(age time.Duration) bool
	unique  bool // a name that is taken is refused by 409
	blind   bool // looks are incomplete

	mu     sync.Mutex
	agents []hostileAgent
	sent   int
}

type hostileAgent struct {
	id, name string
	made     time.Time // in truth
	copied   bool      // by a request
}

type hostileAnswer struct {
	lost bool // the answer
	none bool // no copy is made
}

func (h *hostile) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	id, _ := strconv.Atoi(req.SourceID) // "07" and "+7" are 7
	return agentcopy.Identity{
		Provider: "hostile", Origin: "https://hostile.example", Account: h.account,
		SourceID: strconv.Itoa(id), SearchKey: req.Name,
	}
}

func (h *hostile) Copy(_ context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sent++
	var answer hostileAnswer
	if h.outcome != nil {
		answer = h.outcome(h.sent)
	}
	name := req.Name
	if h.rename != nil {
		name = h.rename(name)
	}
	taken := slices.ContainsFunc(h.agents, func(a hostileAgent) bool { return a.name == name })
	if h.unique && taken {
		return agentcopy.Copy{}, &agentcopy.Error{Provider: "hostile", Outcome: agentcopy.OutcomeNotCopied, StatusCode: 409}
	}
	if answer.none {
		return agentcopy.Copy{}, &agentcopy.Error{Provider: "hostile", Outcome: agentcopy.OutcomeUnknown, StatusCode: 502}
	}
	a := h.add(name, time.Now())
	a.copied = true
	if answer.lost {
		return agentcopy.Copy{}, &agentcopy.Error{Provider: "hostile", Outcome: agentcopy.OutcomeUnknown, StatusCode: 502}
	}
	return h.copyOf(*a, req), nil
}

// add adds an agent. The lock is held.
func (h *hostile) add(name string, made time.Time) *hostileAgent {
	h.agents = append(h.agents, hostileAgent{id: strconv.Itoa(100 + len(h.agents)), name: name, made: made})
	return &h.agents[len(h.agents)-1]
}

func (h *hostile) copyOf(a hostileAgent, req agentcopy.CopyRequest) agentcopy.Copy {
	return agentcopy.Copy{Provider: "hostile", SourceID: req.SourceID, ID: a.id, Name: a.name, CreatedAt: a.made}
}

func (h *hostile) FindCopies(_ context.Context, req agentcopy.CopyRequest, since time.Time) (found []agentcopy.Candidate, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range slices.Backward(h.agents) {
		if a.copied && h.hidden != nil && h.hidden(time.Since(a.made)) {
			continue
		}
		if c, ok := agentcopy.MatchAgent(agentcopy.Sighting{Copy: h.copyOf(a, req)}, req.Name, since); ok {
			found = append(found, c)
		} else if a.name == req.Name {
			err = agentcopy.ErrNameTaken
		}
	}
	if h.blind {
		err = errors.Join(err, agentcopy.ErrLookIncomplete)
	}
	return found, err
}

// copies are the agents that requests made.
func (h *hostile) copies() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.agents {
		if a.copied {
			n++
		}
	}
	return n
}

func lostFirst(n int) hostileAnswer { return hostileAnswer{lost: n == 1} }
func lostAlways(int) hostileAnswer  { return hostileAnswer{lost: true} }
func noneFirst(n int) hostileAnswer { return hostileAnswer{none: n == 1} }

// The answer to the first request is lost. Whatever the vendor does then, there is
// one copy at most; it is found, or the error says that there may be one.
func TestAttackLostAnswers(t *testing.T) {
	accents := "Caf\u00e9 <R&D> Nord, Berlin "
	renames := map[string]func(string) string{
		"kept":         nil,
		"trimmed":      strings.TrimSpace,
		"NFD":          func(s string) string { return strings.ReplaceAll(s, "\u00e9", "e\u0301") },
		"NFD, trimmed": func(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\u00e9", "e\u0301")) },
		"cut":          func(s string) string { return s[:9] },
		"escaped":      html.EscapeString,
		"lower case":   strings.ToLower,
		"suffixed":     func(s string) string { return s + " (2)" },
		"prefixed":     func(s string) string { return "Copy of " + s },
		"made up":      func(string) string { return "Untitled" },
		"empty":        func(string) string { return "" },
	}
	hides := map[string]func(time.Duration) bool{
		"shown at once":        nil,
		"late":                 func(age time.Duration) bool { return age < 20*time.Second },
		"seen and then hidden": func(age time.Duration) bool { return age > 0 },
		"flapping":             func(age time.Duration) bool { return age/(700*time.Millisecond)%2 == 1 },
		"hidden in the middle": func(age time.Duration) bool { return age > 5*time.Second && age < 80*time.Second },
	}
	for renamed, rename := range renames {
		for shown, hidden := range hides {
			t.Run(renamed+", "+shown, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := &hostile{rename: rename, hidden: hidden, outcome: lostFirst}
					runner := &once.Runner{Ledger: once.NewMemoryLedger()}
					req := agentcopy.CopyRequest{SourceID: "7", Name: accents}
					_, err := runner.Copy(t.Context(), "k", h, req)
					require.Equal(t, 1, h.copies())
					if err != nil {
						require.NotErrorIs(t, err, agentcopy.ErrNotFound)
						require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
					}
					if rename == nil {
						require.NoError(t, err)
					}
					// An operator who calls again and again makes no second one.
					for range 3 {
						_, _ = runner.Copy(t.Context(), "k", h, req)
					}
					require.Equal(t, 1, h.copies())
				})
			})
		}
	}
}

// A call ended after its request made a copy. The clock of the process that goes on
// was set since. What is left: a clock that was set back by more than five minutes and
// has caught up, and one that was set forward within SettleTime of the request.
func TestAttackClocksBetweenProcesses(t *testing.T) {
	for _, tt := range []struct{ set, down time.Duration }{
		{-2 * time.Hour, 0}, {-2 * time.Hour, time.Minute}, {-2 * time.Hour, time.Hour}, {-10 * time.Minute, 0}, {-10 * time.Minute, 9 * time.Minute},
		{-3 * time.Minute, 0}, {-3 * time.Minute, time.Hour}, {-3 * time.Second, 0}, {0, 0}, {3 * time.Second, 0},
		{3 * time.Minute, time.Minute}, {2 * time.Hour, time.Minute}, {2 * time.Hour, time.Hour},
	} {
		t.Run(tt.set.String()+" after "+tt.down.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ledger := once.NewMemoryLedger()
				h := &hostile{outcome: lostFirst, hidden: func(age time.Duration) bool { return age < time.Second }}
				req := agentcopy.CopyRequest{SourceID: "7", Name: "Leases"}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
				defer cancel()
				require.ErrorIs(t, copyOf(ctx, &once.Runner{Ledger: ledger}, "k", h, req), agentcopy.ErrOutcomeUnknown)
				time.Sleep(tt.down)
				// By the clock as it was set, the times of the record are others.
				runner := &once.Runner{Ledger: &shiftedLedger{MemoryLedger: ledger, by: -tt.set}}
				err := copyOf(t.Context(), runner, "k", h, req)
				require.Equal(t, 1, h.copies(), "err: %v", err)
				if err != nil {
					require.ErrorIs(t, err, once.ErrAmbiguous)
				}
			})
		})
	}
}

// shiftedLedger gives the times of records as a process sees them whose clock was
// set since they were written.
type shiftedLedger struct {
	*once.MemoryLedger
	by time.Duration
}

func (l *shiftedLedger) Begin(ctx context.Context, r once.Record, lease time.Duration) (once.Record, bool, error) {
	stored, found, err := l.MemoryLedger.Begin(ctx, r, lease)
	if err == nil && found {
		for _, at := range []*time.Time{&stored.Since, &stored.SentAt, &stored.LookedAt} {
			if !at.IsZero() {
				*at = at.Add(l.by)
			}
		}
	}
	return stored, found, err
}

func TestAttackRefusals(t *testing.T) {
	req := agentcopy.CopyRequest{SourceID: "7", Name: "Leases"}
	for _, tt := range []struct {
		what    string
		older   bool
		outcome func(int) hostileAnswer
		hidden  func(time.Duration) bool
		is      agentcopy.Outcome // of the error
		found   bool
		sent    int
		soon    bool
	}{
		{what: "an older agent has the name", older: true, is: agentcopy.OutcomeNotCopied, sent: 1, soon: true},
		{
			what: "the first answer was lost, the copy is hidden until the second is refused", outcome: lostAlways,
			hidden: func(age time.Duration) bool { return age < 32*time.Second }, found: true, sent: 2,
		},
	} {
		t.Run(tt.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &hostile{unique: true, outcome: tt.outcome, hidden: tt.hidden}
				if tt.older {
					h.add("Leases", time.Now().Add(-time.Hour))
				}
				ledger := once.NewMemoryLedger()
				start := time.Now()
				made, err := (&once.Runner{Ledger: ledger}).Copy(t.Context(), "k", h, req)
				require.Equal(t, tt.sent, h.sent)
				require.LessOrEqual(t, h.copies(), 1)
				if tt.found {
					require.NoError(t, err)
					require.NotEmpty(t, made.ID)
					return
				}
				require.ErrorIs(t, err, agentcopy.ErrConflict)
				require.Equal(t, tt.is, asError(t, err).Outcome, "%v", err)
				if tt.soon {
					require.Less(t, time.Since(start), 5*time.Second)
				}
			})
		})
	}
}

func TestAttackSendsAtMostThreeTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hostile{outcome: func(int) hostileAnswer { return hostileAnswer{none: true} }}
		err := copyOf(t.Context(), &once.Runner{Ledger: once.NewMemoryLedger()}, "k", h, agentcopy.CopyRequest{SourceID: "7", Name: "Leases"})
		require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
		require.Equal(t, 3, h.sent)
	})
}

// Two accounts, and IDs that are written in several ways.
func TestAttackIdentities(t *testing.T) {
	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	h := &hostile{account: "one"}
	require.NoError(t, copyOf(t.Context(), runner, "k", h, agentcopy.CopyRequest{SourceID: "7", Name: "Leases"}))
	for _, same := range []string{"07", "+7", "7"} {
		require.NoError(t, copyOf(t.Context(), runner, "k", h, agentcopy.CopyRequest{SourceID: same, Name: "Leases"}), same)
	}
	require.ErrorIs(t, copyOf(t.Context(), runner, "k", &hostile{account: "two"}, agentcopy.CopyRequest{SourceID: "7", Name: "Leases"}), once.ErrKeyReused)
	require.Equal(t, 1, h.sent)
}

// A ledger fails at each of its calls in turn, once or for ever, before or after it
// did what it was asked. There is never a second copy, and an error that says "not
// copied" is right.
func TestAttackLedgersThatFail(t *testing.T) {
	methods := []string{"Begin", "Update", "Finish", "Abandon", "Release", "Owners", "Pending", "KeepsNames"}
	vendors := map[string]func() *hostile{
		"answered":   func() *hostile { return &hostile{} },
		"lost":       func() *hostile { return &hostile{outcome: lostFirst} },
		"none, lost": func() *hostile { return &hostile{outcome: noneFirst} },
		"name taken": func() *hostile { h := &hostile{unique: true}; h.add("Leases", time.Now().Add(-time.Hour)); return h },
		"lost, 409": func() *hostile {
			return &hostile{unique: true, outcome: lostAlways, hidden: func(age time.Duration) bool { return age < 35*time.Second }}
		},
		"lost, blind": func() *hostile { return &hostile{outcome: lostFirst, blind: true} },
	}
	for vendor, newVendor := range vendors {
		for _, method := range methods {
			for nth := 1; nth <= 4; nth++ {
				for _, how := range []string{"once", "for ever", "once, after it was done", "late"} {
					t.Run(strings.Join([]string{vendor, method, strconv.Itoa(nth), how}, ", "), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							h := newVendor()
							memory := once.NewMemoryLedger()
							ledger := &failingLedger{MemoryLedger: memory, method: method, from: nth, how: how}
							req := agentcopy.CopyRequest{SourceID: "7", Name: "Leases"}
							made, err := (&once.Runner{Ledger: ledger}).Copy(t.Context(), "k", h, req)
							require.LessOrEqual(t, h.copies(), 1)
							if err == nil {
								require.Equal(t, 1, h.copies())
								require.NotEmpty(t, made.ID)
							}
							if o, ok := agentcopy.OutcomeOf(err); ok && o == agentcopy.OutcomeNotCopied {
								require.Zero(t, h.copies(), "%v", err)
							}
							// The ledger is well again.
							time.Sleep(time.Minute)
							h.blind, h.hidden, h.outcome = false, nil, nil
							_, err = (&once.Runner{Ledger: memory}).Copy(t.Context(), "k", h, req)
							require.LessOrEqual(t, h.copies(), 1)
							if vendor != "name taken" {
								require.NoError(t, err)
								require.Equal(t, 1, h.copies())
							}
						})
					})
				}
			}
		}
	}
}

// failingLedger is a ledger one of whose methods fails.
type failingLedger struct {
	*once.MemoryLedger
	method string
	from   int
	how    string

	mu    sync.Mutex
	calls int
}

// fails says what becomes of a call: an error before it is made or after it.
func (l *failingLedger) fails(method string, do func() error) error {
	l.mu.Lock()
	if method == l.method {
		l.calls++
	}
	now := method == l.method && (l.calls == l.from || l.how == "for ever" && l.calls > l.from)
	l.mu.Unlock()
	switch {
	case !now:
		return do()
	case l.how == "once, after it was done":
		if err := do(); err != nil {
			return err
		}
	case l.how == "late": // by more than a lease, whatever the context says
		err := do()
		time.Sleep(20 * time.Second)
		return err
	}
	return errDropped
}

func (l *failingLedger) Begin(ctx context.Context, r once.Record, lease time.Duration) (stored once.Record, found bool, err error) {
	err = l.fails("Begin", func() (err error) { stored, found, err = l.MemoryLedger.Begin(ctx, r, lease); return err })
	return stored, found, err
}

func (l *failingLedger) Update(ctx context.Context, r once.Record, lease time.Duration) error {
	return l.fails("Update", func() error { return l.MemoryLedger.Update(ctx, r, lease) })
}

func (l *failingLedger) Finish(ctx context.Context, r once.Record) error {
	return l.fails("Finish", func() error { return l.MemoryLedger.Finish(ctx, r) })
}

func (l *failingLedger) Abandon(ctx context.Context, r once.Record) error {
	return l.fails("Abandon", func() error { return l.MemoryLedger.Abandon(ctx, r) })
}

func (l *failingLedger) Release(ctx context.Context, r once.Record) error {
	return l.fails("Release", func() error { return l.MemoryLedger.Release(ctx, r) })
}

func (l *failingLedger) Owners(ctx context.Context, refs []once.CopyRef) (owners map[once.CopyRef]once.Record, err error) {
	err = l.fails("Owners", func() (err error) { owners, err = l.MemoryLedger.Owners(ctx, refs); return err })
	return owners, err
}

func (l *failingLedger) KeepsNames(ctx context.Context, id agentcopy.Identity) (keeps bool, err error) {
	err = l.fails("KeepsNames", func() (err error) { keeps, err = l.MemoryLedger.KeepsNames(ctx, id); return err })
	return keeps, err
}

// A person's words, in every state of a key.
func TestAttackPersons(t *testing.T) {
	req := agentcopy.CopyRequest{SourceID: "7", Name: "Leases"}
	ambiguous := func(t *testing.T) (*once.Runner, *hostile, string) {
		h := &hostile{outcome: lostFirst, rename: func(string) string { return "Untitled" }}
		runner := &once.Runner{Ledger: once.NewMemoryLedger()}
		err := copyOf(t.Context(), runner, "k", h, req)
		a, ok := errors.AsType[*once.AmbiguousError](err)
		require.True(t, ok, "%v", err)
		require.Len(t, a.Candidates, 1)
		return runner, h, a.Candidates[0].Copy.ID
	}
	t.Run("the source cannot be assigned", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			runner, _, _ := ambiguous(t)
			require.ErrorIs(t, runner.Assign(t.Context(), "k", "7"), agentcopy.ErrInvalid)
		})
	})
	t.Run("IDs with spaces around them", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			runner, h, id := ambiguous(t)
			require.NoError(t, runner.Dismiss(t.Context(), "k", " "+id+"\n"))
			require.NoError(t, copyOf(t.Context(), runner, "k", h, req), "nothing is left that forbids to send")
			require.Equal(t, 2, h.sent)
		})
	})
	t.Run("IDs that differ in case alone", func(t *testing.T) {
		ledger := once.NewMemoryLedger()
		h := &hostile{}
		record, _, err := ledger.Begin(t.Context(), once.Record{Key: "k", Request: req, Identity: h.Identify(req), SentAt: time.Now()}, time.Minute)
		require.NoError(t, err)
		for _, id := range []string{"aB3", "Ab3", "F0"} {
			record.Seen = append(record.Seen, agentcopy.Candidate{Copy: agentcopy.Copy{ID: id}})
		}
		require.NoError(t, ledger.Release(t.Context(), record))
		require.NoError(t, (&once.Runner{Ledger: ledger}).Dismiss(t.Context(), "k", "aB3", "f0"))
		require.Equal(t, []string{"aB3", "F0"}, records(t, ledger)["k"].Dismissed)
		require.Len(t, records(t, ledger)["k"].Seen, 1)
	})
	t.Run("a blank ID", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			runner, _, _ := ambiguous(t)
			require.ErrorIs(t, runner.Dismiss(t.Context(), "k", " "), agentcopy.ErrInvalid)
		})
	})
	t.Run("assigned, then all is settled", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			runner, h, id := ambiguous(t)
			require.NoError(t, runner.Assign(t.Context(), "k", id))
			require.NoError(t, runner.Assign(t.Context(), "k", id), "again")
			made, err := runner.Copy(t.Context(), "k", h, req)
			require.NoError(t, err)
			require.Equal(t, id, made.ID)
			require.ErrorIs(t, runner.Dismiss(t.Context(), "k", id), agentcopy.ErrInvalid)
			require.Equal(t, 1, h.sent)
		})
	})
	t.Run("assigned to two keys", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			runner, h, id := ambiguous(t)
			require.NoError(t, runner.Assign(t.Context(), "k", id))
			h.outcome = lostAlways
			second := agentcopy.CopyRequest{SourceID: "7", Name: "Rents"}
			require.ErrorIs(t, copyOf(t.Context(), runner, "k2", h, second), once.ErrAmbiguous)
			require.ErrorIs(t, runner.Assign(t.Context(), "k2", id), once.ErrCopyTaken)
		})
	})
}
