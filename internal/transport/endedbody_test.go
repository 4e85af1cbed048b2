package transport_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// TestContextThatEndsWithinARefusal: the error is both, what the vendor said and why
// the rest of it was not read.
func TestContextThatEndsWithinARefusal(t *testing.T) {
	why := errors.New("the user has left")
	for status, sentinel := range map[int]error{500: agentcopy.ErrServer, 403: agentcopy.ErrForbidden, 429: agentcopy.ErrRateLimited} {
		ctx, cancel := context.WithCancelCause(t.Context())
		c := newClient(t, play(func(req *http.Request) (*http.Response, error) {
			body, w := io.Pipe()
			go func() {
				_, _ = w.Write([]byte("<h1>No"))
				cancel(why)
				_ = w.CloseWithError(req.Context().Err())
			}()
			return &http.Response{StatusCode: status, ProtoMajor: 1, Header: http.Header{}, Request: req, ContentLength: 100, Body: body}, nil
		}))
		_, _, err := transport.Do(ctx, c, copyRequest(), verifyThing)
		for _, is := range []error{sentinel, context.Canceled, why} {
			require.ErrorIs(t, err, is)
		}
		require.Equal(t, status, asError(t, err).StatusCode)
	}
}
