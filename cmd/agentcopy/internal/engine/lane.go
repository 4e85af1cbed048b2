package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/vendor"
	"github.com/agentcopy/agentcopy-go/once"
)

// Lane is the part of a run that one vendor has.
type Lane struct {
	Vendor  *vendor.Vendor
	Limit   vendor.Limit
	Origin  string // where requests go; "" if the client could not be made
	Account string // what the ledger calls the account; "" if that is not known
	Rows    []*Row

	client  *vendor.Client
	run     *Run
	traffic *traffic

	mu      sync.Mutex
	changed *sync.Cond
	queue   []*Row
	working int // rows taken from the queue and not back
	left    int // rows that are not settled
	halt    string
	last    string // the cause of the failures so far
	alike   int    // how many of them there were in a row
	limited time.Time
	paused  time.Time // until when the vendor asked to wait
}

// Halted says why the lane takes no more rows; "" if it does.
func (l *Lane) Halted() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.halt
}

func (l *Lane) halted() bool { return l.Halted() != "" }

// Left is how many rows are not settled.
func (l *Lane) Left() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.left
}

// Paused is how long the vendor still asks to wait.
func (l *Lane) Paused() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(0, time.Until(l.paused))
}

// next takes a row from the queue. It waits while rows are at work, which may come
// back.
func (l *Lane) next(ctx context.Context) *Row {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case ctx.Err() != nil || l.halt != "" || l.run.stopped():
			return nil
		case len(l.queue) > 0:
			row := l.queue[0]
			l.queue = l.queue[1:]
			l.working++
			return row
		case l.working == 0:
			return nil
		}
		l.changed.Wait()
	}
}

// jobs yields the rows, and those that came back.
func (l *Lane) jobs(ctx context.Context) func(func(once.Job) bool) {
	return func(yield func(once.Job) bool) {
		for row := l.next(ctx); row != nil; row = l.next(ctx) {
			if !yield(once.Job{Key: row.Key, Copier: l.copier(row), Request: row.Request, Data: row}) {
				return
			}
		}
	}
}

func (l *Lane) copier(row *Row) agentcopy.Copier { return watched{l.client.Copier(row.Extras), l} }

// back counts a row that nobody works on any more. One that the vendor asked to wait
// for, or that another process is at work on, is queued again.
func (l *Lane) back(row *Row, err error) (settled bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.changed.Broadcast()
	l.working--
	unsent := err != nil && statusOf(err) == NotStarted
	again := unsent && !errors.Is(err, errWithdrawn)
	if again && errors.Is(err, agentcopy.ErrRateLimited) {
		l.noteLimited(err)
	}
	if again {
		l.queue = append(l.queue, row)
		return false
	}
	if !unsent {
		l.left--
	}
	return !unsent
}

// noteLimited halts the lane if the vendor asks to wait for too long. The lock is
// held.
func (l *Lane) noteLimited(err error) {
	now := time.Now()
	if l.limited.IsZero() {
		l.limited = now
	}
	failed, _ := errors.AsType[*agentcopy.Error](err)
	if failed.RetryAfter > l.run.MaxWait || now.Sub(l.limited) > l.run.MaxWait {
		l.halt = fmt.Sprintf("it asks to wait until %s, longer than --max-wait %v: run it again then",
			now.Add(failed.RetryAfter).Format(time.DateTime), l.run.MaxWait)
		l.run.say(l, l.halt)
	}
}

// breaker counts failures that are alike, and halts the lane after some of them.
func (l *Lane) breaker(err error) {
	if err != nil && statusOf(err) == NotStarted {
		return
	}
	l.mu.Lock()
	c := cause{}
	if err != nil {
		c = causeOf(err)
	}
	l.limited = time.Time{}
	if c.text != l.last {
		l.last, l.alike = c.text, 0
	}
	l.alike++
	halts := err != nil && c.most > 0 && l.alike >= c.most && l.halt == "" && !l.run.NoHalt
	if halts {
		l.halt = fmt.Sprintf("%d times in a row: %s; %s", l.alike, c.text, c.advice)
	}
	l.mu.Unlock()
	if halts {
		l.run.say(l, l.halt+". No more are sent there")
		l.traffic.withdraw(false)
		l.changed.Broadcast()
	}
}

// trace sees the pauses that the vendor asks for.
func (l *Lane) trace() agentcopy.Trace {
	return agentcopy.Trace{WaitStart: func(_ context.Context, w agentcopy.WaitInfo) {
		if w.Reason != agentcopy.WaitPause && (w.Reason != agentcopy.WaitBackoff || w.For < time.Second) {
			return
		}
		l.mu.Lock()
		until := time.Now().Add(w.For)
		longer := until.Sub(l.paused) > time.Second
		if longer {
			l.paused = until
		}
		l.mu.Unlock()
		if longer {
			l.run.say(l, fmt.Sprintf("asks to wait %v, until %s", w.For.Round(time.Second), until.Format(time.TimeOnly)))
		}
	}}
}
