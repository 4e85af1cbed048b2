package conformance

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// TestAContextThatEndsFirstSendsNothing: nothing leaves, and the error says why, for
// each thing that a call may wait for before it sends.
func TestAContextThatEndsFirstSendsNothing(t *testing.T) {
	cases := []struct {
		name    string
		limiter func() agentcopy.Limiter // nil: Unlimited
		fault   fault
		second  bool // another call came first
		before  bool // the context has ended before the call
	}{
		{name: "before the call", fault: fault{made: true}, before: true},
		{name: "in the limiter of the SDK", fault: fault{made: true}, second: true,
			limiter: func() agentcopy.Limiter { return agentcopy.NewWindowLimiter(1, time.Minute) }},
		{name: "in the limiter of a user", fault: fault{made: true}, limiter: func() agentcopy.Limiter { return endless{} }},
		{name: "in a pause that another call met", second: true,
			fault: fault{answer: answer{status: 429, header: http.Header{"Retry-After": {"60"}}}}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			for _, op := range operations {
				for _, deadline := range []bool{false, true} {
					synctest.Test(t, func(t *testing.T) {
						m := &memory{op: op, fault: tc.fault}
						limiter := agentcopy.Unlimited
						if tc.limiter != nil {
							limiter = tc.limiter()
						}
						r := row{maxWait: 2 * time.Minute}
						client := r.connect(op, agentcopy.RetryNever, m, agentcopy.WithLimiter(limiter), agentcopy.WithReadLimiter(limiter))
						if tc.second {
							_, _ = client.Do(t.Context())
						}
						copies, requests := m.copies, m.requests
						p := callEnd{after: time.Second, deadline: deadline}
						ctx, cancel := p.context(t.Context())
						defer cancel()
						if tc.before {
							<-ctx.Done()
						}
						o := observed{op: op}
						o.result, o.err = client.Do(ctx)
						o.copies, o.requests = m.copies-copies, m.requests-requests
						faults := o.invariants()
						for _, is := range p.errors() {
							if !errors.Is(o.err, is) {
								faults = append(faults, "the error does not match "+is.Error())
							}
						}
						if e, ok := errors.AsType[*agentcopy.Error](o.err); !ok || e.Outcome != agentcopy.OutcomeNotCopied || len(e.Attempts) != 0 || o.requests != 0 {
							faults = append(faults, "want not copied, no attempt, nothing sent")
						}
						assert.Empty(t, faults, "%v, deadline %v: %v", op, deadline, o.err)
					})
				}
			}
		})
	}
}

// endless is a limiter that admits nobody.
type endless struct{}

func (endless) Wait(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}
