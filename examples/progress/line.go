package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// line is one line on a terminal: how many copies are made, and what the next one
// waits for.
type line struct {
	out   io.Writer
	total int

	mu      sync.Mutex
	done    int
	waiting map[*turn]bool
	shown   string
}

// turn is the wait of one call.
type turn struct {
	info  agentcopy.WaitInfo
	until time.Time // zero if not known
}

type turnKey struct{ *line }

func newLine(out io.Writer, total int) *line {
	return &line{out: out, total: total, waiting: make(map[*turn]bool)}
}

// trace is told of the waits of each call. A call waits for one thing at a time, so
// its context holds the one turn that it needs.
func (l *line) trace() agentcopy.Trace {
	return agentcopy.Trace{
		CallStart: func(ctx context.Context, _ agentcopy.CallInfo) context.Context {
			return context.WithValue(ctx, turnKey{l}, new(turn))
		},
		WaitStart: func(ctx context.Context, w agentcopy.WaitInfo) {
			l.mu.Lock()
			defer l.mu.Unlock()
			t := ctx.Value(turnKey{l}).(*turn)
			t.info, t.until = w, time.Time{}
			if w.For > 0 {
				t.until = time.Now().Add(w.For)
			}
			l.waiting[t] = true
		},
		WaitDone: func(ctx context.Context, _ agentcopy.WaitInfo, _ error) {
			l.mu.Lock()
			defer l.mu.Unlock()
			delete(l.waiting, ctx.Value(turnKey{l}).(*turn))
		},
	}
}

// copied counts a copy.
func (l *line) copied() {
	l.mu.Lock()
	l.done++
	l.mu.Unlock()
	l.print()
}

// show keeps the line up to date until stop is called.
func (l *line) show() (stop func()) {
	ended := make(chan struct{})
	var shown sync.WaitGroup
	shown.Go(func() {
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				l.print()
			case <-ended:
				fmt.Fprintln(l.out)
				return
			}
		}
	})
	return func() { close(ended); shown.Wait() }
}

// print writes the line over the one before, if it has changed.
func (l *line) print() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if text := l.text(); text != l.shown {
		l.shown = text
		fmt.Fprint(l.out, "\r\x1b[K", text)
	}
}

func (l *line) text() string {
	text := fmt.Sprintf("%d of %d copied", l.done, l.total)
	next := l.next()
	if next == nil {
		return text
	}
	vendor := cmp.Or(vendors[next.info.Call.Provider], next.info.Call.Provider)
	switch next.info.Reason {
	case agentcopy.WaitLimiter:
		text += ", waiting for " + vendor + "'s limit"
	case agentcopy.WaitPause:
		text += ", waiting out a pause that " + vendor + " asked for"
	case agentcopy.WaitBackoff:
		text += ", waiting to try again"
	}
	if left := time.Until(next.until); left > 0 {
		text += fmt.Sprintf(", %.0f s", math.Ceil(left.Seconds()))
	}
	return text
}

// next is the turn that comes first; nil if nobody waits. A pause holds everybody.
func (l *line) next() (first *turn) {
	for t := range l.waiting {
		if first == nil || t.before(first) {
			first = t
		}
	}
	return first
}

func (t *turn) before(other *turn) bool {
	if paused := t.info.Reason == agentcopy.WaitPause; paused != (other.info.Reason == agentcopy.WaitPause) {
		return paused
	}
	return !t.until.IsZero() && (other.until.IsZero() || t.until.Before(other.until))
}

var vendors = map[string]string{"zudu": "Zudu", "cotool": "Cotool", "langsmith": "LangSmith", "kolena": "Kolena"}
