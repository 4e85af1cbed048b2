package main

import (
	"context"
	"net/http"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// notes are the attempts made below a context. An agentcopy.Copy does not say how
// many it took, and a search is several calls, so the middleware writes them down.
type notes struct {
	mu       sync.Mutex
	idle     time.Time // since when no attempt is under way
	attempts []agentcopy.Attempt
}

type notesKey struct{}

func withNotes(ctx context.Context) (context.Context, *notes) {
	n := &notes{idle: time.Now()}
	return context.WithValue(ctx, notesKey{}, n), n
}

func (n *notes) taken() []agentcopy.Attempt {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.attempts
}

func (n *notes) add(start time.Time, resp *http.Response, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	a := agentcopy.Attempt{Start: start, Waited: start.Sub(n.idle), Err: err, Sent: true}
	if resp != nil {
		a.StatusCode = resp.StatusCode
	}
	n.idle = time.Now()
	a.Duration = n.idle.Sub(start)
	n.attempts = append(n.attempts, a)
}

// noteAttempt is the middleware that writes attempts down.
func noteAttempt(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		start := time.Now()
		resp, err := next.RoundTrip(req)
		if n, ok := req.Context().Value(notesKey{}).(*notes); ok {
			n.add(start, resp, err)
		}
		return resp, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
