package transport

import (
	"fmt"
	"net/http"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
)

// stage is one step of an attempt. It does its part, calls the next one, and
// returns what became of the attempt.
type stage func(c *call, req *http.Request) *result

// newChain lists the stages that every attempt passes, outermost first. Behind
// the last one lies the caller's own http.RoundTripper.
func newChain(c *Client, transport http.RoundTripper) (stage, error) {
	wire := guardOrigin(c.base, transport)
	wire, err := withMiddleware(c.cfg.Middleware, wire)
	if err != nil {
		return nil, err
	}
	return waitOutPause( // while the vendor has asked this credential to wait
		acquirePermit( // from the limiter, until the answer's headers are seen
			exchange(wire))), nil // middleware, origin guard, wire; timed and traced
}

// withMiddleware wraps next so that the first middleware is the outermost.
func withMiddleware(middleware []func(http.RoundTripper) http.RoundTripper, next http.RoundTripper) (http.RoundTripper, error) {
	for i := len(middleware) - 1; i >= 0; i-- {
		next = middleware[i](next)
		if check.IsNil(next) {
			return nil, fmt.Errorf("WithMiddleware: argument %d returned a nil RoundTripper", i+1)
		}
	}
	return next, nil
}

// notSent is what became of an attempt that ended before it left the process.
func notSent(err error) *result {
	return &result{err: err, verdict: verdict{outcome: agentcopy.OutcomeNotCopied}, unsent: true}
}
