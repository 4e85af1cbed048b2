package conformance

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

// TestNoRedirectIsFollowed: none is followed, to the same host or to another, which gets no
// request at all: it would get the credentials.
func TestNoRedirectIsFollowed(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	targets := map[string]string{
		"another host":              other.URL + "/api",
		"another host, no scheme":   other.URL[len("http:"):] + "/api",
		"the same host":             "/elsewhere",
		"the same path":             "",
		"a URL that cannot be read": "http://[::1",
		"another scheme":            "file:///etc/passwd",
	}
	cases := newGather()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for name, target := range targets {
			r := &row{
				fault: fault{answer: answer{status: status, header: []string{"Location", target}}},
				want:  wants{safe: {1, NotCopied}, always: {1, NotCopied}, read: {1, Fails}},
			}
			if status == http.StatusFound || status == http.StatusSeeOther { // it may lead to the new agent
				r.want[safe] = end{1, Unknown}
			}
			for _, c := range []carrier{{}, {http2: true, tls: true}} {
				for _, op := range operations {
					cases.run(fmt.Sprintf("%d to %s, %v, %v", status, name, op, c), func() []string {
						o, err := c.run(t.Context(), r, op, agentcopy.RetrySafe, 0)
						if err != nil {
							return []string{err.Error()}
						}
						faults := append(o.invariants(), r.check(o)...)
						if o.requests != 1 {
							faults = append(faults, fmt.Sprintf("the server got %d requests, want 1", o.requests))
						}
						if e, ok := errors.AsType[*agentcopy.Error](o.err); !ok || e.StatusCode != status {
							faults = append(faults, fmt.Sprintf("got %v, want an error of status %d", o.err, status))
						}
						return faults
					})
				}
			}
		}
	}
	assert.Empty(t, cases.wait())
	assert.Zero(t, elsewhere.Load(), "requests that the other host got")
}

// TestCheckRedirectIsNotAsked: its CheckRedirect is not asked, and changes nothing.
func TestCheckRedirectIsNotAsked(t *testing.T) {
	for _, op := range operations {
		m := &memory{op: op, fault: fault{answer: answer{status: 307, header: []string{"Location", "https://elsewhere.example/"}}}}
		asked := false
		mine := &http.Client{Transport: m, CheckRedirect: func(*http.Request, []*http.Request) error { asked = true; return nil }}
		client, err := op.Connect(vendortest.Key(), agentcopy.WithHTTPClient(mine), agentcopy.WithLimiter(agentcopy.Unlimited))
		require.NoError(t, err)
		_, err = client.Do(t.Context())
		assert.Error(t, err, op)
		assert.Equal(t, 1, m.requests, "%v: requests", op)
		assert.False(t, asked, "%v: CheckRedirect was asked", op)
	}
}
