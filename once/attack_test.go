package once_test

import (
	"context"
	"errors"
	"fmt"
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

// hostile is an acme that sorts agents by agentcopy.MatchAgent. What it does is set by
// its fields.
type hostile struct {
	acme
	rename  func(string) string
	hidden  func(age time.Duration) bool // of copies
	unique  bool                         // a name that is taken is refused by 409
	blind   bool                         // looks are incomplete
	looking func()                       // is called for each look
}

func (h *hostile) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	id := h.acme.Identify(req)
	number, _ := strconv.Atoi(req.SourceID) // "07" and "+7" are 7
	id.SourceID = strconv.Itoa(number)
	return id
}

func (h *hostile) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	if h.rename != nil {
		req.Name = h.rename(req.Name)
	}
	h.mu.Lock()
	taken := slices.ContainsFunc(h.agents, func(a acmeAgent) bool { return a.Name == req.Name })
	h.mu.Unlock()
	if h.unique && taken {
		return agentcopy.Copy{}, failed(agentcopy.OutcomeNotCopied, 409, nil)
	}
	return h.acme.Copy(ctx, req)
}

func (h *hostile) FindCopies(_ context.Context, req agentcopy.CopyRequest, since time.Time) (found []agentcopy.Candidate, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.looking != nil {
		h.looking()
	}
	seen := once.Now() // on the process's clock; the vendor's is ahead
	ahead := time.Now().Round(0).Sub(seen.Round(0))
	for _, a := range slices.Backward(h.agents) {
		if a.SourceID != "" && h.hidden != nil && h.hidden(time.Since(a.CreatedAt)) {
			continue
		}
		if c, ok := agentcopy.MatchAgent(agentcopy.Sighting{Copy: a.Copy, SeenAt: seen.Round(0), Ahead: ahead}, req.Name, since); ok {
			found = append(found, c)
		} else if a.Name == req.Name {
			err = agentcopy.ErrNameTaken
		}
	}
	if h.blind {
		err = errors.Join(err, agentcopy.ErrLookIncomplete)
	}
	return found, err
}

// copies counts the agents that requests made.
func (h *hostile) copies() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.agents {
		if a.SourceID != "" {
			n++
		}
	}
	return n
}

func newHostile(steps ...step) *hostile { return &hostile{acme: acme{steps: steps}} }

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
			inBubble(t, renamed+", "+shown, func(t *testing.T) {
				h := newHostile(lost(0))
				h.rename, h.hidden = rename, hidden
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
		inBubble(t, tt.set.String()+" after "+tt.down.String(), func(t *testing.T) {
			step := once.SetClock(t)
			ledger := once.NewMemoryLedger()
			h := newHostile(lost(0))
			h.hidden = func(age time.Duration) bool { return age < time.Second }
			ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
			defer cancel()
			require.ErrorIs(t, copyOf(ctx, &once.Runner{Ledger: ledger}, "k", h, leases), agentcopy.ErrOutcomeUnknown)
			time.Sleep(tt.down)
			// By the clock as it was set, the times of the record are others.
			step(tt.set)
			err := copyOf(t.Context(), &once.Runner{Ledger: ledger}, "k", h, leases)
			require.Equal(t, 1, h.copies(), "err: %v", err)
			if err != nil {
				require.ErrorIs(t, err, once.ErrAmbiguous)
			}
		})
	}
}

// The clock is set while a call is at work. Whatever becomes of the name, and however
// late the copy shows, it is seen.
func TestAttackClocksWithinACall(t *testing.T) {
	for _, by := range []time.Duration{-25 * time.Hour, -10 * time.Minute, -3 * time.Second, 3 * time.Second, 10 * time.Minute, 25 * time.Hour} {
		for _, when := range []time.Duration{500 * time.Millisecond, 5 * time.Second, 29 * time.Second, 31 * time.Second} {
			for _, renamed := range []bool{false, true} {
				inBubble(t, fmt.Sprintf("by %v after %v, renamed %v", by, when, renamed), func(t *testing.T) {
					h := newHostile(lost(0))
					h.hidden = func(age time.Duration) bool { return age < 10*time.Second }
					if renamed {
						h.rename = func(string) string { return "Untitled" }
					}
					step, begun := once.SetClock(t), time.Now()
					h.looking = func() {
						if time.Since(begun) >= when {
							h.looking = nil
							step(by)
						}
					}
					err := copyOf(t.Context(), &once.Runner{Ledger: once.NewMemoryLedger()}, "k", h, leases)
					require.Equal(t, 1, h.copies(), "err: %v", err)
					if err != nil {
						require.ErrorIs(t, err, once.ErrAmbiguous)
					}
				})
			}
		}
	}
}

// IDs that are written in several ways are one.
func TestAttackSpellings(t *testing.T) {
	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	h := newHostile(making(0, func(made agentcopy.Copy) (agentcopy.Copy, error) {
		made.ID = "100"
		return made, nil
	}))
	for _, same := range []string{"7", "07", "+7"} {
		require.NoError(t, copyOf(t.Context(), runner, "k", h, agentcopy.CopyRequest{SourceID: same, Name: "Leases"}), same)
	}
	require.Len(t, h.sent, 1)
	leave(t, runner.Ledger, "k2", func(r *once.Record) {
		r.Request.SourceID, r.Identity = "7", h.Identify(leases)
	})
	require.ErrorIs(t, runner.Assign(t.Context(), "k2", "0100"), once.ErrCopyTaken, "100 is that of k")
	require.ErrorIs(t, runner.Assign(t.Context(), "k2", "+7"), agentcopy.ErrInvalid, "the source")
}

// At each call that a process makes of its ledger and its vendor, in turn, something
// happens. There is one copy at most, an error that says "not copied" is right, and
// once all is well again the key has its copy.
func TestAttackEachStep(t *testing.T) {
	vendors := map[string]func() *hostile{
		"answered":   func() *hostile { return newHostile() },
		"lost":       func() *hostile { return newHostile(lost(0)) },
		"none, lost": func() *hostile { return newHostile(never(failed(agentcopy.OutcomeUnknown, 502, nil))) },
		"name taken": func() *hostile {
			older := acmeAgent{Copy: agentcopy.Copy{ID: "older", Name: leases.Name, CreatedAt: time.Now().Add(-time.Hour)}}
			return &hostile{unique: true, acme: acme{agents: []acmeAgent{older}}}
		},
		"lost, 409": func() *hostile {
			h := newHostile(lost(0))
			h.unique, h.hidden = true, func(age time.Duration) bool { return age < 35*time.Second }
			return h
		},
		"lost, blind": func() *hostile {
			h := newHostile(lost(0))
			h.blind = true
			return h
		},
	}
	type happening func(p *attacked, call func() error) error
	events := map[string]happening{
		"fails": func(p *attacked, _ func() error) error { return errDropped },
		"fails for ever": func(p *attacked, _ func() error) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.forEver = true
			return errDropped
		},
		"is done and fails": func(p *attacked, call func() error) error { _ = call(); return errDropped },
		"is done late":      func(p *attacked, call func() error) error { err := call(); time.Sleep(20 * time.Second); return err },
		"is done late and fails": func(p *attacked, call func() error) error {
			_ = call()
			time.Sleep(20 * time.Second)
			return errDropped
		},
		"panics":                  func(p *attacked, _ func() error) error { panic("in the attack") },
		"is done and panics":      func(p *attacked, call func() error) error { _ = call(); panic("in the attack") },
		"the context ends before": func(p *attacked, call func() error) error { p.cancel(); return call() },
		"the context ends after":  func(p *attacked, call func() error) error { defer p.cancel(); return call() },
		"is suspended before":     func(p *attacked, call func() error) error { p.suspend(); return call() },
		"is suspended after":      func(p *attacked, call func() error) error { err := call(); p.suspend(); return err },
	}
	for vendor, newVendor := range vendors {
		for event, happens := range events {
			t.Run(vendor+", "+event, func(t *testing.T) {
				for at := 1; at <= 14; at++ {
					synctest.Test(t, func(t *testing.T) {
						h := newVendor()
						p := newAttacked(t, h, at, happens)
						made, err := p.copy()
						event := fmt.Sprintf("%s, step %d of %v; the call returned %v", event, at, p.steps, err)
						require.LessOrEqual(t, h.copies(), 1, event)
						if err == nil && !p.panicked {
							require.Equal(t, 1, h.copies(), event)
							require.NotEmpty(t, made.ID, event)
						}
						if o, ok := agentcopy.OutcomeOf(err); ok && o == agentcopy.OutcomeNotCopied {
							require.Zero(t, h.copies(), event)
						}
						// All is well again.
						time.Sleep(time.Minute)
						h.blind, h.hidden, h.steps = false, nil, nil
						_, err = (&once.Runner{Ledger: p.ledger.MemoryLedger}).Copy(t.Context(), "k", h, leases)
						require.LessOrEqual(t, h.copies(), 1, event)
						if vendor != "name taken" {
							require.NoError(t, err, event)
							require.Equal(t, 1, h.copies(), event)
						}
					})
				}
			})
		}
	}
}

var leases = agentcopy.CopyRequest{SourceID: "7", Name: "Leases"}

// attacked is a process to which something happens at one of its calls, and another
// one that is at work where it is suspended.
type attacked struct {
	t       *testing.T
	vendor  *hostile
	ledger  *faultyLedger
	happens func(*attacked, func() error) error
	ctx     context.Context
	cancel  context.CancelFunc
	other   sync.WaitGroup

	mu       sync.Mutex
	steps    []string // the calls that were made
	at       int      // the number of the step at which it happens, from 1
	forEver  bool     // and at all that follow
	wakes    time.Time
	panicked bool
}

func newAttacked(t *testing.T, h *hostile, at int, happens func(*attacked, func() error) error) *attacked {
	_, ledger, _ := newFaulty()
	p := &attacked{t: t, vendor: h, ledger: ledger, happens: happens, at: at}
	p.ctx, p.cancel = context.WithCancel(t.Context())
	ledger.around = func(_ context.Context, method string, call func() error) error { return p.step(method, call) }
	return p
}

// copy is one call of the process.
func (p *attacked) copy() (made agentcopy.Copy, err error) {
	defer p.cancel()
	defer p.other.Wait()
	defer func() { p.panicked = recover() != nil }()
	return (&once.Runner{Ledger: p.ledger}).Copy(p.ctx, "k", &attackedCopier{p}, leases)
}

// step is one of its calls.
func (p *attacked) step(name string, call func() error) error {
	p.mu.Lock()
	p.steps = append(p.steps, name)
	now := len(p.steps) == p.at || p.forEver && len(p.steps) > p.at
	asleep := time.Until(p.wakes)
	p.mu.Unlock()
	time.Sleep(asleep)
	if now {
		return p.happens(p, call)
	}
	return call()
}

// suspend halts the process for longer than its lease. Meanwhile another one works on
// the key.
func (p *attacked) suspend() {
	p.mu.Lock()
	p.wakes = time.Now().Add(100 * time.Second)
	p.mu.Unlock()
	p.other.Go(func() {
		time.Sleep(16 * time.Second)
		_, _ = (&once.Runner{Ledger: p.ledger.MemoryLedger}).Copy(p.t.Context(), "k", p.vendor, leases)
	})
	time.Sleep(100 * time.Second)
}

// attackedCopier is the vendor as the process sees it. It is suspended and fails
// behind its limiter, never between the last write to the ledger and the wire.
type attackedCopier struct{ p *attacked }

func (c *attackedCopier) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	id := c.p.vendor.Identify(req)
	id.Traced = true
	return id
}

func (c *attackedCopier) Copy(ctx context.Context, req agentcopy.CopyRequest) (made agentcopy.Copy, err error) {
	err = c.p.step("Copy", func() error {
		if ctx.Err() != nil {
			return failed(agentcopy.OutcomeNotCopied, 0, context.Cause(ctx))
		}
		if _, err := attempt(ctx, time.Minute); err != nil {
			return failed(agentcopy.OutcomeNotCopied, 0, err)
		}
		made, err = c.p.vendor.Copy(ctx, req)
		return err
	})
	if err != nil {
		made = agentcopy.Copy{}
	}
	return made, err
}

func (c *attackedCopier) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) (found []agentcopy.Candidate, err error) {
	if late := c.p.step("FindCopies", func() error { found, err = c.p.vendor.FindCopies(ctx, req, since); return ctx.Err() }); late != nil {
		return nil, late
	}
	return found, err
}

// The ledger is asked after the list: a rival that made an agent in between is pending
// by then, or owns it.
func TestALookAsksTheVendorFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newAttacked(t, newHostile(lost(0)), -1, nil)
		_, err := p.copy()
		require.NoError(t, err)
		require.Equal(t, []string{"FindCopies", "Pending", "KeepsNames", "Owners"}, p.steps[4:8], "of %v", p.steps)
	})
}
