package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/store"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/vendor"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/sqlledger"
)

// Lane is one vendor's part of a run.
type Lane struct {
	Vendor  *vendor.Vendor
	Limit   vendor.Limit
	Origin  string // where requests go; "" if the client could not be made
	Account string // what the ledger calls the account; "" if that is not known
	Rows    []*Row

	run     *Run
	copiers vendor.Copiers
	queue   chan *Row          // with room for all
	closed  context.Context    // ends when the lane takes no more rows
	shut    context.CancelFunc // of closed
	cancel  context.CancelFunc // ends everything, looks for copies included

	mu       sync.Mutex
	left     int    // rows that are not settled
	halt     string // why the lane takes no more rows, if that is not for a signal
	flights  map[*flight]bool
	looking  map[*Row]time.Time // rows whose copy is looked for, and since when
	sent     []time.Time        // the latest attempts, no more than the limit lets through at once
	measured int                // copies made
	busy     time.Duration      // what they took together, on the wire

	lastCause string
	alike     int       // failures of that cause in a row
	limited   time.Time // when the vendor first refused with 429, since the last success
	paused    time.Time // until when the lane waits for the vendor
	backoff   time.Duration
}

// flight is one call of Copier.Copy. When the lane closes, what waits is withdrawn,
// since that may take minutes on a slow vendor, and what is on the wire may end: to
// break it off would leave the copy in doubt.
type flight struct {
	cancel context.CancelCauseFunc
	onWire bool
	sent   time.Time // the latest attempt
}

type flightKey struct{}

// errWithdrawn ends a copy that was not sent, since the lane is closed.
var errWithdrawn = errors.New("stopped before it was sent")

// Progress is how far a lane is.
type Progress struct {
	Left    int
	Looking int // rows whose copy is looked for
	Paused  time.Duration
	ETA     time.Duration // until the last row is settled
	Halted  string
}

func (l *Lane) Progress() Progress {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	p := Progress{Left: l.left, Looking: len(l.looking), Paused: max(0, l.paused.Sub(now)), Halted: l.halt}
	n := l.left - p.Looking
	p.ETA = l.Limit.Duration(n, l.sent, now)
	if l.measured > 0 && n > 0 {
		each := l.busy / time.Duration(l.measured)
		p.ETA = max(p.ETA, each*time.Duration((n-1)/l.run.Concurrency+1))
	}
	p.ETA += p.Paused
	for _, since := range l.looking {
		p.ETA = max(p.ETA, since.Add(l.run.SettleTime).Sub(now))
	}
	return p
}

// next takes a row from the queue, and waits for the vendor's pause to end. nil: the lane
// is closed.
func (l *Lane) next() *Row {
	var row *Row
	select {
	case row = <-l.queue:
	case <-l.closed.Done():
	}
	for p := l.Progress(); p.Paused > 0 && l.closed.Err() == nil; p = l.Progress() {
		select {
		case <-time.After(p.Paused):
		case <-l.closed.Done():
		}
	}
	if l.closed.Err() != nil {
		return nil
	}
	return row
}

// jobs yields the rows, and those that came back.
func (l *Lane) jobs(yield func(once.Job) bool) {
	for row := l.next(); row != nil; row = l.next() {
		if !yield(once.Job{Key: row.Key, Copier: l.copier(row), Request: row.Request, Data: row}) {
			return
		}
	}
}

// back takes note of a row that is not at work any more. One that the vendor asked to
// wait for, or that another process works on, is queued again.
func (l *Lane) back(row *Row, err error) (settled bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.looking, row)
	if statusOf(err) != NotStarted {
		if l.left--; l.left == 0 {
			l.close("")
		}
		return true
	}
	if l.closed.Err() == nil && (errors.Is(err, agentcopy.ErrRateLimited) || errors.Is(err, sqlledger.ErrUnavailable)) {
		l.wait(err)
	}
	l.queue <- row
	return false
}

// wait pauses the lane after a 429, or while the ledger's database does not answer, or
// closes it if that takes too long. The lock is held.
func (l *Lane) wait(err error) {
	now := time.Now()
	if l.limited.IsZero() {
		l.limited = now
	}
	var wait time.Duration
	if failed, ok := errors.AsType[*agentcopy.Error](err); ok {
		wait = failed.RetryAfter
	}
	if wait <= 0 { // the vendor does not say how long
		if now.Before(l.paused) {
			return // another row of the same outage has paused the lane
		}
		l.backoff = min(max(2*l.backoff, time.Second), time.Minute)
		wait = l.backoff
	}
	if until := now.Add(wait); wait > l.run.MaxWait || until.Sub(l.limited) > l.run.MaxWait {
		l.close(fmt.Sprintf("it must wait until %s, longer than --max-wait %v; run it again then", until.Format(time.DateTime), l.run.MaxWait))
	} else if until.After(l.paused) {
		l.paused = until
		if errors.Is(err, sqlledger.ErrUnavailable) {
			l.run.saying.Go(func() { l.run.OnSay(l, fmt.Sprintf("the ledger's database does not answer: waits %v", wait)) })
		}
	}
}

// breaker counts failures that are alike, and halts the lane after some of them.
func (l *Lane) breaker(err error) {
	if statusOf(err) == NotStarted {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limited, l.backoff = time.Time{}, 0
	c := causeOf(err)
	if c.text != l.lastCause {
		l.lastCause, l.alike = c.text, 0
	}
	if l.alike++; c.max > 0 && l.alike >= c.max && !l.run.NoHalt {
		l.close(fmt.Sprintf("%d times in a row: %s; %s", l.alike, c.text, c.advice))
	}
}

// close lets the lane take no more rows, withdraws those that wait, and ends the lane
// when nothing is on the wire. halt says why, if that is not for a signal. The lock is
// held.
func (l *Lane) close(halt string) {
	if l.closed.Err() != nil {
		return
	}
	l.halt = halt
	if halt != "" {
		l.run.saying.Go(func() { l.run.OnSay(l, "halted: "+halt) }) // which may ask for the lane's progress
	}
	l.shut()
	l.check()
}

// check withdraws what waits once the lane is closed, and ends the lane once nothing is
// on the wire. The lock is held.
func (l *Lane) check() {
	if l.closed.Err() == nil {
		return
	}
	onWire := false
	for f := range l.flights {
		if onWire = onWire || f.onWire; !f.onWire {
			f.cancel(errWithdrawn)
		}
	}
	if !onWire && l.cancel != nil {
		l.cancel()
	}
}

// watched is a Copier that the lane watches, and that knows its account.
type watched struct {
	agentcopy.Copier
	row *Row
}

func (l *Lane) copier(row *Row) agentcopy.Copier {
	copier, _ := l.copiers(row.Extras)
	return watched{copier, row}
}

// Identify adds the account to what the vendor's client knows.
func (w watched) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	id := w.Copier.Identify(req)
	if id.Account != "" {
		id.Account += "/"
	}
	id.Account += w.row.lane.Account
	return id
}

func (w watched) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Candidate, error) {
	l := w.row.lane
	l.locked(func() {
		if l.looking[w.row].IsZero() {
			l.looking[w.row] = time.Now()
		}
	})
	found, err := w.Copier.FindCopies(ctx, req, since)
	if has[*agentcopy.Error](err) {
		l.breaker(err)
	}
	return found, err
}

// Copy makes the copy unless the lane closes before it is sent.
func (w watched) Copy(ctx context.Context, req agentcopy.CopyRequest) (copied agentcopy.Copy, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	l, f := w.row.lane, &flight{cancel: cancel}
	l.locked(func() {
		delete(l.looking, w.row)
		l.flights[f] = true
		l.check()
	})
	defer l.locked(func() {
		delete(l.flights, f)
		if err == nil {
			l.measured, l.busy = l.measured+1, l.busy+time.Since(f.sent)
		}
		l.check()
	})
	copied, err = w.Copier.Copy(context.WithValue(ctx, flightKey{}, f), req)
	if !errors.Is(err, store.ErrFails) { // which drive tells the breaker
		l.breaker(err)
	}
	return copied, err
}

func (l *Lane) locked(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

// trace sees each attempt, behind the limiter, and the pauses that a vendor imposes.
func (l *Lane) trace() agentcopy.Trace {
	return agentcopy.Trace{
		AttemptStart: func(ctx context.Context, _ agentcopy.AttemptInfo) (context.Context, error) {
			f, ok := ctx.Value(flightKey{}).(*flight)
			if !ok {
				return ctx, nil
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.closed.Err() != nil {
				return ctx, errWithdrawn
			}
			f.onWire, f.sent = true, time.Now()
			l.sent = append(l.sent[max(0, len(l.sent)-l.Limit.N+1):], f.sent)
			return ctx, nil
		},
		WaitStart: func(ctx context.Context, w agentcopy.WaitInfo) {
			until, longer := time.Now().Add(w.For), false
			l.locked(func() {
				if f, ok := ctx.Value(flightKey{}).(*flight); ok { // it made no copy, and is sent again
					f.onWire = false
					l.check()
				}
				if longer = w.Reason == agentcopy.WaitPause && until.Sub(l.paused) > time.Second/2; longer {
					l.paused = until
				}
			})
			if longer {
				l.run.OnSay(l, fmt.Sprintf("told to slow down (429 or Retry-After): waits %v, until %s", w.For.Round(time.Second/10), until.Format(time.TimeOnly)))
			}
		},
	}
}
