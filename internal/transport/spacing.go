package transport

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/agentcopy/agentcopy-go/internal/window"
)

// longestCaution is how long a SpacedWindow stays cautious where that was proved
// right before. It is also how long it remembers.
const longestCaution = 24 * time.Hour

// SpacedWindow is a WindowLimiter that can learn. A refusal it did not expect
// means that another process uses the credential, or that the server counts
// otherwise than documented. From then on it also spaces its attempts evenly,
// until two windows have passed without a refusal.
//
// An attempt that is refused in spite of that is followed by a rest of two
// spacings, the next one by one of four, and so on up to a window: without, two
// processes on one key would go on refusing each other.
//
// If full speed is refused again within a day, it was no accident, and the
// limiter stays cautious for a day. A server that lets fewer through at once
// than documented thus refuses one burst, and after a while one more.
type SpacedWindow struct {
	window   *window.Limiter
	turns    *window.Turns
	spacing  time.Duration
	patience time.Duration // two windows

	mu      sync.Mutex
	refused time.Time     // the last refusal; zero if none
	caution time.Duration // how long attempts are spaced after it
	spaced  bool          // one had its turn since
	rest    time.Duration // the last one
}

// NewSpacedWindow returns a limiter of n attempts in any window of length per,
// and one every spacing after a refusal.
func NewSpacedWindow(n int, per, spacing time.Duration) *SpacedWindow {
	return &SpacedWindow{
		window:   window.New(n, per),
		turns:    window.NewTurns(spacing),
		spacing:  spacing,
		patience: 2 * per,
	}
}

// String says what the limiter allows.
func (s *SpacedWindow) String() string { return s.window.String() }

// Wait is Acquire for callers that cannot say when the answer came.
func (s *SpacedWindow) Wait(ctx context.Context) error {
	place, err := s.admit(ctx)
	if err != nil {
		return err
	}
	s.window.Answered(place)
	return nil
}

// Acquire takes a place in the window and, after a refusal, a turn as well.
func (s *SpacedWindow) Acquire(ctx context.Context) (release func(), err error) {
	place, err := s.admit(ctx)
	if err != nil {
		return nil, err
	}
	return func() { s.window.Answered(place) }, nil
}

// admit is Acquire without a func. What it returns, a call gives back as
// answered or as unused.
func (s *SpacedWindow) admit(ctx context.Context) (window.Ticket, error) {
	place, err := s.window.Admit(ctx)
	if err == nil {
		if err = s.takeTurn(ctx); err != nil {
			s.window.GiveBack(place)
		}
	}
	return place, err
}

// takeTurn spaces the attempts while the limiter is cautious. It comes last, and
// after a pause once more, so that what was admitted before the refusal is
// spaced too.
func (s *SpacedWindow) takeTurn(ctx context.Context) error {
	if !s.cautious() {
		return nil
	}
	err := s.turns.Take(ctx, func(_, turn time.Duration) error {
		if window.EndsFirst(ctx, turn) {
			return fmt.Errorf("after a refusal, one every %v: no turn sooner than in %v, which is past the context's deadline: %w",
				s.spacing, turn.Round(time.Millisecond), context.DeadlineExceeded)
		}
		return nil
	})
	if err == nil {
		s.mu.Lock()
		s.spaced = true
		s.mu.Unlock()
	}
	return err
}

// Refused tells the limiter of a 429.
func (s *SpacedWindow) Refused() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	switch since := s.sinceRefusal(now); {
	case since >= longestCaution:
		s.caution, s.rest = s.patience, s.spacing
	case since >= s.caution:
		s.caution, s.rest = longestCaution, s.spacing
	case s.spaced: // refused all the same
		if since >= s.patience {
			s.rest = s.spacing
		}
		s.rest = min(2*s.rest, s.patience/2)
		s.turns.Hold(s.rest)
	}
	s.refused, s.spaced = now, false
}

func (s *SpacedWindow) cautious() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sinceRefusal(time.Now()) < s.caution
}

// sinceRefusal is how long ago the last refusal was. One in the future is one by
// another clock, and forgotten; see WindowLimiter.
func (s *SpacedWindow) sinceRefusal(now time.Time) time.Duration {
	if now.Before(s.refused) {
		s.refused = time.Time{}
	}
	if s.refused.IsZero() {
		return longestCaution
	}
	return now.Sub(s.refused)
}
