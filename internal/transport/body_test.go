package transport_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// bodyOf answers with a body that is read from r, of the declared length.
func bodyOf(status int, r io.Reader, length int64, closed *int) step {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, ContentLength: length, Body: &countedBody{r, closed}}, nil
	}
}

type countedBody struct {
	io.Reader
	closed *int
}

func (b *countedBody) Close() error { *b.closed++; return nil }

// chunks yields its parts one at a time, with io.EOF on its own at the end.
func chunks(parts ...string) io.Reader {
	readers := make([]io.Reader, len(parts))
	for i, p := range parts {
		readers[i] = strings.NewReader(p)
	}
	return io.MultiReader(readers...)
}

func TestBodies(t *testing.T) {
	big := `{"id":"` + strings.Repeat("x", 3000) + `"}`
	cases := []struct {
		name   string
		reader io.Reader
		length int64
		want   string // the error; "" for success
	}{
		{"in one piece", strings.NewReader(made), int64(len(made)), ""},
		{"of unknown length", strings.NewReader(made), -1, ""},
		{"byte by byte", chunks(strings.Split(made, "")...), int64(len(made)), ""},
		{"larger than the first buffer", strings.NewReader(big), -1, ""},
		{"exactly at the bound", strings.NewReader(`{"id":"` + strings.Repeat("x", 4000-9) + `"}`), -1, ""},
		{"one over the bound", strings.NewReader(`{"id":"` + strings.Repeat("x", 4001-9) + `"}`), -1, "too large"},
		{"declared over the bound", strings.NewReader(made), 4001, "too large"},
		{"longer than declared", strings.NewReader(made + "trailing"), int64(len(made)), ""},
		{"shorter than declared", strings.NewReader(made), int64(len(made)) + 1, io.ErrUnexpectedEOF.Error()},
		{"that fails", io.MultiReader(strings.NewReader(made[:5]), failing{io.ErrClosedPipe}), int64(len(made)), io.ErrClosedPipe.Error()},
		{"that fails at its end", io.MultiReader(strings.NewReader(made), failing{io.ErrClosedPipe}), int64(len(made)), io.ErrClosedPipe.Error()},
		{"that never yields anything", stalling{}, -1, "no data or error"},
		{"that counts wrong", lying{}, -1, "impossible count"},
		{"that counts below zero", negative{}, -1, "impossible count"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			closed := 0
			got, _, err := doCopy(t, newClient(t, play(bodyOf(200, tc.reader, tc.length, &closed)), agentcopy.WithMaxResponseBytes(4000)))
			require.Equal(t, 1, closed, "how often the body was closed")
			if tc.want == "" {
				require.NoError(t, err)
				require.NotEmpty(t, got.ID)
				return
			}
			require.ErrorContains(t, err, tc.want)
			require.ErrorIs(t, err, agentcopy.ErrCopied, "a success was announced, so the copy was made")
		})
	}
}

// TestBodiesOfUnknownLength: they are read by way of a buffer that all calls
// share, and are kept whole and apart.
func TestBodiesOfUnknownLength(t *testing.T) {
	const scratch = 64 << 10
	var calls sync.WaitGroup
	for _, size := range []int{20, 3000, scratch - 1, scratch, scratch + 1, 2*scratch + 1, 300_000} {
		for _, letter := range "abcdefgh" {
			calls.Go(func() {
				body := `{"id":"` + strings.Repeat(string(letter), size-9) + `"}`
				closed := 0
				_, response, err := doCopy(t, newClient(t, play(bodyOf(200, iotest.OneByteReader(strings.NewReader(body)), -1, &closed))))
				if assert.NoError(t, err, "%d bytes", size) {
					assert.True(t, body == string(response.Body), "of %d bytes, %d were kept, or others", size, len(response.Body))
				}
			})
		}
	}
	calls.Wait()
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type stalling struct{}

func (stalling) Read([]byte) (int, error) { return 0, nil }

type lying struct{}

func (lying) Read(p []byte) (int, error) { return len(p) + 1, nil }

type negative struct{}

func (negative) Read([]byte) (int, error) { return -1, nil }

func TestBodiesAreClosedOnEveryPath(t *testing.T) {
	for _, status := range []int{200, 204, 302, 404, 429, 500, 503} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			closed := 0
			s := play(func(r *http.Request) (*http.Response, error) {
				resp, err := bodyOf(status, strings.NewReader("x"), -1, &closed)(r)
				resp.Header = http.Header{"Retry-After-Ms": {"1"}}
				return resp, err
			})
			_, _, err := doCopy(t, newClient(t, s, agentcopy.WithRetry(agentcopy.RetryPolicy{MaxBackoff: 1})))
			require.Error(t, err)
			require.Equal(t, len(s.requests()), closed, "bodies closed, of as many answers")
		})
	}
}

func TestRequestBodyIsClosedWhereNothingIsSent(t *testing.T) {
	closed := 0
	counting := agentcopy.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return step(func(req *http.Request) (*http.Response, error) {
			req.Body = &countedBody{req.Body, &closed}
			req.URL.Host = "evil.example"
			return next.RoundTrip(req)
		})
	})
	_, _, err := doCopy(t, newClient(t, play(answer(200, made)), counting))
	require.ErrorIs(t, err, agentcopy.ErrInvalid)
	require.Equal(t, 1, closed)
}

// TestLyingContentLength: memory is set aside for what has come, not for what a
// server says will come.
func TestLyingContentLength(t *testing.T) {
	closed := 0
	result := testing.Benchmark(func(b *testing.B) {
		c := newClient(b, play(bodyOf(200, failing{errors.New("reset")}, 1<<40, &closed)), agentcopy.WithMaxResponseBytes(1<<41))
		b.ReportAllocs()
		for b.Loop() {
			_, _, _ = doCopy(b, c)
		}
	})
	require.Less(t, result.AllocedBytesPerOp(), int64(32<<20), "bytes set aside for an announced terabyte")
}

func TestErrorBodyIsKeptAsFarAsItCame(t *testing.T) {
	closed := 0
	body := io.MultiReader(bytes.NewReader([]byte(`not found, sor`)), failing{io.ErrUnexpectedEOF})
	_, _, err := doCopy(t, newClient(t, play(bodyOf(404, body, -1, &closed))))
	e := asError(t, err)
	require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome)
	require.Equal(t, "not found, sor", string(e.Body))
}
