package once

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/agentcopy/agentcopy-go"
)

// The pauses between two looks: the first one, doubled each time up to the last.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = 5 * time.Second
)

// errNotYet: this look did not settle it; another one may.
var errNotYet = errors.New("not settled yet")

// settle looks for the copy of a request whose outcome is unknown as of now:
// at once, then with growing pauses, and for the last time when the settle time
// has passed. It goes on beyond that while it cannot see.
//
// It returns errUnseen if there is no copy to be seen and the request may be
// sent again.
func (e *errand) settle(ctx context.Context) (agentcopy.Copy, error) {
	settled := time.Now().Add(e.settleTime)
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		left := time.Until(settled)
		copied, err := e.seek(ctx, left <= 0)
		switch {
		case errors.Is(err, errUnseen) && left <= 0:
			return agentcopy.Copy{}, e.unseen()
		case !errors.Is(err, errUnseen) && !errors.Is(err, errNotYet):
			return copied, err
		}
		wait := pause
		if left > 0 {
			wait = min(pause, time.Until(settled))
		}
		if err := sleep(ctx, wait); err != nil {
			return agentcopy.Copy{}, e.unsettled(fmt.Errorf("the wait for the copy to show ended: %w", err))
		}
	}
}

// unseen is what follows if no copy showed: after an unknown outcome, there is
// none; after the vendor's word that there is one, nothing can be done.
func (e *errand) unseen() error {
	if e.claim.current().Outcome != agentcopy.OutcomeCopied {
		return errUnseen
	}
	return e.unsettled(fmt.Errorf("it did not show within %v, and the request is not sent again", e.settleTime))
}

// seek looks once and adopts the copy if it can be told. last says that no later
// look will tell more, as far as this call is concerned.
//
// It returns errUnseen or errNotYet, or any other error as the end of the call.
func (e *errand) seek(ctx context.Context, last bool) (agentcopy.Copy, error) {
	candidates, unclear, err := e.look(ctx)
	e.trouble = nil
	switch {
	case err != nil && ctx.Err() != nil:
		return agentcopy.Copy{}, errNotYet
	case err != nil && isFinal(err):
		return agentcopy.Copy{}, e.unsettled(fmt.Errorf("the look for the copy was refused: %w", err))
	case err != nil:
		e.trouble = err
		return agentcopy.Copy{}, errNotYet
	case len(candidates) == 0:
		return agentcopy.Copy{}, errUnseen
	}
	others, err := e.others(ctx)
	if err != nil {
		e.trouble = err
		return agentcopy.Copy{}, errNotYet
	}
	return e.decide(candidates, others, unclear, last)
}

// look asks the vendor for agents that the request may have made, and leaves
// out those that belong to other keys. unclear says that one of them may have
// been there before.
func (e *errand) look(ctx context.Context) (candidates []agentcopy.Copy, unclear bool, err error) {
	record := e.claim.current()
	found, err := e.copier.FindCopies(ctx, e.request, record.Since)
	if unclear = errors.Is(err, ErrAmbiguous); err != nil && !unclear {
		return nil, false, err
	}
	now := time.Now()
	for _, c := range found {
		_, owned, err := e.ledger.Owner(ctx, refOf(&record, c))
		switch {
		case err != nil:
			return nil, false, fmt.Errorf("ledger: %w", err)
		case owned, c.ID == "", c.ID == e.request.SourceID:
			continue
		}
		candidates = append(candidates, c)
		if _, known := e.seen[c.ID]; !known {
			e.seen[c.ID] = now
		}
	}
	return candidates, unclear, nil
}

// isFinal reports whether the vendor will answer the next look as it answered
// this one. Anything may pass that is not its own considered word.
func isFinal(err error) bool {
	if errors.Is(err, agentcopy.ErrInvalid) {
		return true
	}
	e, ok := errors.AsType[*agentcopy.Error](err)
	if !ok {
		return false
	}
	switch e.StatusCode {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	case http.StatusNotImplemented:
		return true
	}
	return e.StatusCode >= 300 && e.StatusCode <= 499
}

// sleep waits for d, or returns why ctx ended before.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return contextError(ctx)
	case <-ctx.Done():
		return contextError(ctx)
	}
}
