package transport_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// TestMiddlewareThatReturnsNil is refused, also as a nil pointer of some type: the
// first call would panic.
func TestMiddlewareThatReturnsNil(t *testing.T) {
	for _, nothing := range []http.RoundTripper{nil, (*http.Transport)(nil)} {
		_, err := transport.New(vendor, secretsOf(newKey()), []agentcopy.Option{
			agentcopy.WithMiddleware(func(http.RoundTripper) http.RoundTripper { return nothing }),
		})
		require.ErrorContains(t, err, "WithMiddleware: argument 1 returned a nil RoundTripper")
		require.ErrorIs(t, err, agentcopy.ErrInvalid)
	}
}
