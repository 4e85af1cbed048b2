package transport

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/agentcopy/agentcopy-go/internal/window"
)

// SpacedWindow is a WindowLimiter that can learn: a refusal it did not expect
// means that another process uses the credential, or that the server counts
// otherwise than documented. From then on it also spaces its admissions evenly,
// until it has met no refusal for two windows.
type SpacedWindow struct {
	window  *window.Limiter
	spacing *rate.Limiter
	caution time.Duration

	mu      sync.Mutex
	refused time.Time // the last refusal; zero if none
}

// NewSpacedWindow returns a limiter of n attempts in any window of length per,
// and one every spacing for two windows after a refusal.
func NewSpacedWindow(n int, per, spacing time.Duration) *SpacedWindow {
	return &SpacedWindow{
		window:  window.New(n, per),
		spacing: rate.NewLimiter(rate.Every(spacing), 1),
		caution: 2 * per,
	}
}

// Wait is Acquire for callers that cannot say when the answer came.
func (s *SpacedWindow) Wait(ctx context.Context) error {
	release, err := s.Acquire(ctx)
	if err != nil {
		return err
	}
	release()
	return nil
}

// Acquire takes a place in the window and, after a refusal, a turn as well.
func (s *SpacedWindow) Acquire(ctx context.Context) (release func(), err error) {
	place, err := s.window.Admit(ctx)
	if err != nil {
		return nil, err
	}
	if s.cautious() {
		if err := s.spacing.Wait(ctx); err != nil {
			s.window.GiveBack(place)
			return nil, limiterError(ctx, s.spacing, err)
		}
	}
	return func() { s.window.Answered(place) }, nil
}

// Refused tells the limiter of a 429.
func (s *SpacedWindow) Refused() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = time.Now()
}

func (s *SpacedWindow) cautious() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	since := time.Since(s.refused)
	// A refusal in the future is one by another clock; see WindowLimiter.
	return !s.refused.IsZero() && since >= 0 && since < s.caution
}

// learner is a limiter that wants to know of refusals.
type learner interface{ Refused() }
