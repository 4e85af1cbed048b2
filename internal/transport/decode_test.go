package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// TestTheIDIsFoundInOddAnswers: the forms themselves are the business of laxjson.
func TestTheIDIsFoundInOddAnswers(t *testing.T) {
	for name, tc := range map[string]struct{ body, warning string }{
		"byte order mark": {"\xef\xbb\xbf" + `{"id":"thing-2"}`, ""},
		"NaN":             {`{"count":NaN,"id":"thing-2"}`, `"count" is "NaN"`},
		"comment":         {`{/* see */"id":"thing-2"}`, "comment"},
		"line break":      {"{\"made\":\"to\nday\",\"id\":\"thing-2\"}", `"made"`},
		"mistyped":        {`{"count":[],"id":"thing-2"}`, `"count"`},
		"text after it":   {`{"id":"thing-2"} OK`, "goes on"},
	} {
		t.Run(name, func(t *testing.T) {
			got, resp, err := doCopy(t, newClient(t, play(answer(200, tc.body))))
			require.NoError(t, err)
			require.Equal(t, "thing-2", got.ID)
			require.Equal(t, tc.body, string(resp.Body))
			if tc.warning == "" {
				require.NoError(t, resp.Warning)
			} else {
				require.ErrorContains(t, resp.Warning, tc.warning)
			}
		})
	}
	got, _, err := doCopy(t, newClient(t, play(answer(200, `{"id":12.0}`))))
	require.NoError(t, err)
	require.Equal(t, "12", got.ID)
}

// TestMalformedAnswerWithoutAnID: what is missing may have been there.
func TestMalformedAnswerWithoutAnID(t *testing.T) {
	_, _, err := doCopy(t, newClient(t, play(answer(200, `{"count":NaN}`))))
	require.ErrorContains(t, err, "malformed")
	require.NotEqual(t, agentcopy.OutcomeNotCopied, asError(t, err).Outcome)
}

// TestContextEndsTheDecodeOfALargeAnswer: the copy may have been made.
func TestContextEndsTheDecodeOfALargeAnswer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	body := `{"id":"thing-2","newer":"` + strings.Repeat("x", 2<<20) + `"}`
	c := newClient(t, play(func(req *http.Request) (*http.Response, error) {
		resp, err := answer(200, body)(req)
		resp.Body = closeFunc{resp.Body, cancel}
		return resp, err
	}))
	_, _, err := transport.Do(ctx, c, copyRequest(), verifyThing)
	require.ErrorIs(t, err, context.Canceled)
	require.NotEqual(t, agentcopy.OutcomeNotCopied, asError(t, err).Outcome)
}

type closeFunc struct {
	readCloser
	onClose func()
}

type readCloser interface {
	Read(p []byte) (int, error)
	Close() error
}

func (c closeFunc) Close() error { c.onClose(); return c.readCloser.Close() }

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

// FuzzErrorBodies: whatever a refusal holds, it becomes a message.
func FuzzErrorBodies(f *testing.F) {
	for _, body := range []string{``, "\xef\xbb\xbf{}", `{"detail":NaN}`, `{"detail":[{"loc":["body","a"],"msg":"b"}]}`, `{"error":{"code":1}}`, `<title>x`, `[`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _, err := doCopy(t, newClient(t, play(answer(400, string(body)))))
		e, ok := errors.AsType[*agentcopy.Error](err)
		if !ok || e.StatusCode != 400 || e.Message == "" || len(fmt.Sprint(e)) > 2000 {
			t.Errorf("%q became %v", body, err)
		}
	})
}
