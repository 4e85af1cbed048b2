package transport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// TestContextEndsTheDecodeOfALargeAnswer: the copy may have been made.
func TestContextEndsTheDecodeOfALargeAnswer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	body := `{"id":"thing-2","newer":"` + strings.Repeat("x", 2<<20) + `"}`
	c := newClient(t, play(func(req *http.Request) (*http.Response, error) {
		resp, err := answer(200, body)(req)
		resp.Body = closeFunc{resp.Body, cancel}
		return resp, err
	}))
	_, _, err := copyWith(ctx, c)
	require.ErrorIs(t, err, context.Canceled)
	require.NotEqual(t, agentcopy.OutcomeNotCopied, asError(t, err).Outcome)
}

// closeFunc is a body that tells when it is closed.
type closeFunc struct {
	io.Reader
	onClose func()
}

func (c closeFunc) Close() error { c.onClose(); return nil }

// TestWhatErrorsAndResultsKeep: of a large answer, an error keeps 64 KiB and a
// result the answer as received, and neither keeps anything else.
func TestWhatErrorsAndResultsKeep(t *testing.T) {
	const (
		count = 120 // of each of nine, a thousand together
		large = 160 << 10
	)
	long := strings.Repeat("x", large)
	for name, tc := range map[string]struct {
		step  step
		limit int // of what is kept of each, in bytes
	}{
		"refusal":               {answer(400, `{"detail":"`+long+`"}`), 64 << 10},
		"page":                  {answer(502, "<title>"+long), 64 << 10},
		"no ID":                 {answer(200, `{"newer":"`+long+`"}`), 64 << 10},
		"reports an error":      {answer(200, `{"error":true,"message":"`+long+`"}`), 64 << 10},
		"cut off":               {cutOff(200, `{"id":"`+long), 64 << 10},
		"malformed":             {answer(200, `{"`+long+`":NaN}`), 64 << 10},
		"result":                {answer(200, made+strings.Repeat(" ", 32<<10)), 32 << 10},
		"result, chunked":       {chunked(200, made+strings.Repeat(" ", 32<<10)), 32 << 10},
		"result with a warning": {answer(200, `{"id":"a","`+long[:32<<10]+`":NaN}`), 32 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, play(tc.step), agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryNever}), agentcopy.WithMaxResponseBytes(4<<20))
			_, _, _ = doCopy(t, c) // what is made once
			before := heap()
			kept := make([]any, 0, 2*count)
			for range count {
				_, resp, err := doCopy(t, c)
				kept = append(kept, resp, err)
			}
			each := (heap() - before) / count
			runtime.KeepAlive(kept)
			require.Less(t, each, tc.limit*5/4+4<<10, "bytes kept of each, in the size classes of the heap")
		})
	}
}

func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// bodyOf answers with a body that is read from r, of the declared length.
func bodyOf(status int, r io.Reader, length int64, closed *int) step {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, ContentLength: length, Body: closeFunc{r, func() { *closed++ }}}, nil
	}
}

func TestBodies(t *testing.T) {
	big := `{"id":"` + strings.Repeat("x", 3000) + `"}`
	failing := iotest.ErrReader(io.ErrClosedPipe)
	counting := func(n int) io.Reader { return readerFunc(func([]byte) (int, error) { return n, nil }) }
	cases := []struct {
		name   string
		reader io.Reader
		length int64
		want   string // the error; "" for success
	}{
		{"in one piece", strings.NewReader(made), int64(len(made)), ""},
		{"of unknown length", strings.NewReader(made), -1, ""},
		{"byte by byte", iotest.OneByteReader(strings.NewReader(made)), int64(len(made)), ""},
		{"larger than the first buffer", strings.NewReader(big), -1, ""},
		{"exactly at the bound", strings.NewReader(`{"id":"` + strings.Repeat("x", 4000-9) + `"}`), -1, ""},
		{"one over the bound", strings.NewReader(`{"id":"` + strings.Repeat("x", 4001-9) + `"}`), -1, "too large"},
		{"declared over the bound", strings.NewReader(made), 4001, "too large"},
		{"longer than declared", strings.NewReader(made + "trailing"), int64(len(made)), ""},
		{"shorter than declared", strings.NewReader(made), int64(len(made)) + 1, io.ErrUnexpectedEOF.Error()},
		{"that fails", io.MultiReader(strings.NewReader(made[:5]), failing), int64(len(made)), io.ErrClosedPipe.Error()},
		{"that fails at its end", io.MultiReader(strings.NewReader(made), failing), int64(len(made)), io.ErrClosedPipe.Error()},
		{"that never yields anything", counting(0), -1, "no data or error"},
		{"that counts wrong", readerFunc(func(p []byte) (int, error) { return len(p) + 1, nil }), -1, "impossible count"},
		{"that counts below zero", counting(-1), -1, "impossible count"},
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

func TestRequestBodyIsClosedWhereNothingIsSent(t *testing.T) {
	closed := 0
	counting := around(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		req.Body = closeFunc{req.Body, func() { closed++ }}
		req.URL.Host = "evil.example"
		return next.RoundTrip(req)
	})
	_, _, err := doCopy(t, newClient(t, play(answer(200, made)), counting))
	require.ErrorIs(t, err, agentcopy.ErrInvalid)
	require.Equal(t, 1, closed)
}

// TestLyingContentLength: memory is set aside for what has come, not for what a
// server says will come.
func TestLyingContentLength(t *testing.T) {
	body := bodyOf(200, iotest.ErrReader(errors.New("reset")), 1<<40, new(int))
	c := newClient(t, play(body), agentcopy.WithMaxResponseBytes(1<<41))
	used := allocated(func() { _, _, _ = doCopy(t, c) })
	require.Less(t, used, uint64(32<<20), "bytes set aside for an announced terabyte")
}

func TestErrorBodyIsKeptAsFarAsItCame(t *testing.T) {
	_, _, err := doCopy(t, newClient(t, play(cutOff(404, "not found, sor"))))
	require.Equal(t, agentcopy.OutcomeNotCopied, asError(t, err).Outcome)
	require.Equal(t, "not found, sor", string(asError(t, err).Body))
}

// allocated is how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestLongAnswerThatReportsAnError: to describe it costs no more than its length. It
// took minutes, and a hundred times the memory.
func TestLongAnswerThatReportsAnError(t *testing.T) {
	var faults strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&faults, `,"k%d"`, i)
	}
	for name, body := range map[string]string{
		"many faults":  `{"error":true,"detail":[""` + faults.String() + `]}`,
		"long message": `{"error":true,"message":"` + strings.Repeat("%41", 1<<20) + `"}`,
		"many objects": `{"error":true,"many":[{}` + strings.Repeat(`,{}`, 1<<20) + `]}`,
		"no ID":        `{"many":[{}` + strings.Repeat(`,{}`, 1<<20) + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, play(answer(200, body)))
			var err error
			used := allocated(func() { _, _, err = doCopy(t, c) })
			require.Error(t, err)
			require.Less(t, used, 16*uint64(len(body)))
			require.Empty(t, asError(t, err).Fields)
		})
	}
}

// TestLongTextIsNotSearchedForSecrets: a header may have as many bytes as the
// transport lets through, and a text too long to be searched is not shown.
func TestLongTextIsNotSearchedForSecrets(t *testing.T) {
	key := newKey()
	long := strings.Repeat("%41", 1<<20) + key
	c := newClientWithKey(t, key, play(
		answer(500, "", "X-Request-Id", long),
		answer(302, "", "Location", "https://"+long+".example/"),
		func(*http.Request) (*http.Response, error) { return nil, errors.New(long) },
	))
	for range 3 {
		var err error
		used := allocated(func() { _, _, err = doCopy(t, c) })
		require.Equal(t, agentcopy.OutcomeUnknown, asError(t, err).Outcome)
		require.Less(t, used, 16*uint64(len(long)))
		require.NotContains(t, err.Error(), key)
	}
}
