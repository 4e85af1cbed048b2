package agentcopytest_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

func TestEachFaultShowsAsItSays(t *testing.T) {
	cases := map[string]struct {
		fault  agentcopytest.Fault
		status int // 0: success
		body   string
		err    error
		copies int
	}{
		"none":                   {copies: 1},
		"status":                 {fault: agentcopytest.Fault{Status: 500}, status: 500},
		"status and body":        {fault: agentcopytest.Fault{Status: 502, Body: "<html><title>Bad gateway</title></html>"}, status: 502, body: "<html><title>Bad gateway</title></html>"},
		"no content":             {fault: agentcopytest.Fault{Status: 204}, status: 204},
		"status after the copy":  {fault: agentcopytest.Fault{Status: 500, Body: "{}", AfterCopy: true}, status: 500, body: "{}", copies: 1},
		"body":                   {fault: agentcopytest.Fault{Body: "{}"}, body: "{}"},
		"body after the copy":    {fault: agentcopytest.Fault{Body: "{}", AfterCopy: true}, body: "{}", copies: 1},
		"drop":                   {fault: agentcopytest.Fault{Drop: true}, err: io.EOF},
		"drop after the copy":    {fault: agentcopytest.Fault{Drop: true, AfterCopy: true}, err: io.EOF, copies: 1},
		"truncate":               {fault: agentcopytest.Fault{Truncate: 3}, err: io.ErrUnexpectedEOF, copies: 1},
		"truncate after it":      {fault: agentcopytest.Fault{Truncate: 3, AfterCopy: true}, err: io.ErrUnexpectedEOF, copies: 1},
		"truncate a body":        {fault: agentcopytest.Fault{Status: 400, Body: "Bad request", Truncate: 3}, status: 400, body: "Bad", err: io.ErrUnexpectedEOF},
		"truncate beyond":        {fault: agentcopytest.Fault{Truncate: 1 << 20}, copies: 1},
		"delay":                  {fault: agentcopytest.Fault{Delay: time.Millisecond}, copies: 1},
		"delay and status":       {fault: agentcopytest.Fault{Delay: time.Millisecond, Status: 503}, status: 503},
		"delay after the copy":   {fault: agentcopytest.Fault{Delay: time.Millisecond, AfterCopy: true}, copies: 1},
		"delay between the two":  {fault: agentcopytest.Fault{Delay: time.Millisecond, Drop: true, AfterCopy: true}, err: io.EOF, copies: 1},
		"header":                 {fault: agentcopytest.Fault{Header: http.Header{"X-Request-Id": {"r1"}}}, copies: 1},
		"a whole answer by hand": {fault: agentcopytest.Fault{Status: 201, Header: http.Header{"content-type": {"text/x"}}, Body: "hi"}, status: 201, body: "hi"},
	}
	eachVendor(t, func(t *testing.T, start starter) {
		for name, tc := range cases {
			t.Run(name, func(t *testing.T) {
				eachDoor(t, start, func(t *testing.T, s *subject, d door) {
					s.Inject(tc.fault)
					out, err := d.send(t.Context(), s.copyOf(s.add(), "Copy"))
					if tc.status == 0 {
						tc.status = s.Success
					}
					if tc.err != nil {
						require.ErrorIs(t, err, tc.err)
					} else {
						require.NoError(t, err)
					}
					if tc.err == io.EOF {
						tc.status = 0
					} else {
						require.Equal(t, tc.status, out.StatusCode)
					}
					if tc.body != "" || tc.status == 204 {
						require.Equal(t, tc.body, out.body)
					}
					for name, values := range tc.fault.Header {
						require.Equal(t, values, out.Header.Values(name))
					}
					require.Len(t, s.Copies(), tc.copies)
					require.Equal(t, tc.status, s.Requests()[0].StatusCode)

					again := d.must(t, s.copyOf(s.add(), "Copy 2"))
					require.Equal(t, s.Success, again.StatusCode, "the request after the fault: %s", again.body)
					require.Len(t, s.Copies(), tc.copies+1)
				})
			})
		}
	})
}

func TestFaultsComeInOrderOnePerCopyRequest(t *testing.T) {
	s := newKolena(agentcopytest.WithCredential("good"))
	d := memory(s.Server)
	id := s.add()
	s.Inject(agentcopytest.Fault{Status: 500}, agentcopytest.Fault{Status: 501})
	s.Inject(agentcopytest.Fault{Status: 502})
	list := request{http.MethodGet, "/api/v1/client/agents", s.Header("good"), ""}

	require.Equal(t, 500, d.must(t, s.copyOf(id, "a")).StatusCode, "before authentication")
	require.Equal(t, 200, d.must(t, list).StatusCode, "reads meet none")
	require.Equal(t, 405, d.must(t, request{http.MethodGet, s.path(id), s.Header("good"), ""}).StatusCode)
	require.Equal(t, 404, d.must(t, request{http.MethodPost, "/elsewhere", s.Header("good"), ""}).StatusCode)
	require.Equal(t, 501, d.must(t, request{http.MethodPost, s.path(id), nil, "garbage"}).StatusCode, "before validation")
	require.Equal(t, 502, d.must(t, s.copyOf(id, "a")).StatusCode)
	require.Equal(t, 401, d.must(t, s.copyOf(id, "a")).StatusCode, "the faults are used up")
}

func TestAZeroFaultLetsARequestPass(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		s := start()
		s.Inject(agentcopytest.Fault{}, agentcopytest.Fault{}, agentcopytest.Fault{Status: 500})
		for i, want := range []int{s.Success, s.Success, 500, s.Success} {
			out := memory(s.Server).must(t, s.copyOf(s.add(), "Copy "+strconv.Itoa(i)))
			require.Equal(t, want, out.StatusCode, "copy request %d", i+1)
		}
		require.Len(t, s.Copies(), 3, "all but the third request made a copy")
	})
}

func TestAFaultDoesNotReachTheRateLimit(t *testing.T) {
	s := newZudu(agentcopytest.WithRateLimit(1, time.Hour))
	d := memory(s.Server)
	id := s.add()
	s.Inject(agentcopytest.Fault{Status: 500}, agentcopytest.Fault{Drop: true}, agentcopytest.Fault{Status: 500, AfterCopy: true}, agentcopytest.Fault{Status: 500, AfterCopy: true})
	require.Equal(t, 500, d.must(t, s.copyOf(id, "a")).StatusCode)
	_, err := d.send(t.Context(), s.copyOf(id, "b"))
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, 500, d.must(t, s.copyOf(id, "c")).StatusCode)
	require.Equal(t, 429, d.must(t, s.copyOf(id, "d")).StatusCode, "with AfterCopy, what the vendor refuses is refused")
	require.Len(t, s.Copies(), 1)
}

func TestARefusedRequestHasNoCopyToLose(t *testing.T) {
	eachVendor(t, func(t *testing.T, start starter) {
		s := start(agentcopytest.WithCredential("good"))
		s.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true}, agentcopytest.Fault{Truncate: 2, AfterCopy: true})
		for range 2 {
			out := memory(s.Server).must(t, s.copyOf(s.add(), "Copy"))
			require.Contains(t, []int{401, 403}, out.StatusCode)
			require.NotEmpty(t, out.body)
		}
		require.Empty(t, s.Copies())
	})
}

func TestFaultHeaders(t *testing.T) {
	eachDoor(t, newZudu, func(t *testing.T, s *subject, d door) {
		long := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC).Format(http.TimeFormat)
		header := http.Header{"date": {long}, "Retry-After": {"7"}, "X-Two": {"a", "b"}, "content-type": nil}
		s.Inject(agentcopytest.Fault{Header: header})
		header["Retry-After"][0] = "changed after Inject"
		out := d.must(t, s.copyOf(s.add(), "Copy"))
		require.Equal(t, []string{long}, out.Header.Values("Date"), "in place of the server's own")
		require.Equal(t, "7", out.Header.Get("Retry-After"))
		require.Equal(t, []string{"a", "b"}, out.Header.Values("X-Two"))
		require.NotContains(t, out.Header, "Content-Type")
	})
}

func TestFaultContentType(t *testing.T) {
	for body, want := range map[string]string{
		`{"a":1}`:                     "application/json",
		"<html><body>x</body></html>": "text/html; charset=utf-8",
		"upstream timed out":          "text/plain; charset=utf-8",
	} {
		eachDoor(t, newZudu, func(t *testing.T, s *subject, d door) {
			s.Inject(agentcopytest.Fault{Status: 502, Body: body})
			require.Equal(t, want, d.must(t, s.copyOf(s.add(), "Copy")).Header.Get("Content-Type"))
		})
	}
}

func TestInjectRefusesNonsense(t *testing.T) {
	cases := map[string]struct {
		fault agentcopytest.Fault
		says  string
	}{
		"status too small":        {agentcopytest.Fault{Status: 99}, "Status 99"},
		"status too large":        {agentcopytest.Fault{Status: 600}, "Status 600"},
		"status negative":         {agentcopytest.Fault{Status: -1}, "Status -1"},
		"informational":           {agentcopytest.Fault{Status: 103}, "Status 103"},
		"delay negative":          {agentcopytest.Fault{Delay: -1}, "Delay is negative"},
		"truncate negative":       {agentcopytest.Fault{Truncate: -1}, "Truncate is negative"},
		"truncate nothing":        {agentcopytest.Fault{Status: 500, Truncate: 1}, "Truncate 1 cuts nothing off"},
		"truncate behind the end": {agentcopytest.Fault{Body: "abc", Truncate: 3}, "Truncate 3 cuts nothing off"},
		"drop and status":         {agentcopytest.Fault{Drop: true, Status: 500}, "Drop"},
		"drop and body":           {agentcopytest.Fault{Drop: true, Body: "x"}, "Drop"},
		"drop and truncate":       {agentcopytest.Fault{Drop: true, Truncate: 1}, "Drop"},
		"drop and header":         {agentcopytest.Fault{Drop: true, Header: http.Header{"A": {"b"}}}, "Drop"},
		"after copy, nothing":     {agentcopytest.Fault{AfterCopy: true}, "AfterCopy"},
		"after copy, header":      {agentcopytest.Fault{AfterCopy: true, Header: http.Header{"A": {"b"}}}, "AfterCopy"},
		"no content with content": {agentcopytest.Fault{Status: 204, Body: "x"}, "204"},
		"framing header":          {agentcopytest.Fault{Status: 500, Header: http.Header{"content-length": {"3"}}}, "Truncate"},
		"broken header":           {agentcopytest.Fault{Status: 500, Header: http.Header{"A": {"b\r\nC: d"}}}, "control character"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := newZudu()
			good := agentcopytest.Fault{Status: 500}
			requirePanic(t, func() { s.Inject(good, tc.fault) }, "Inject: fault 2: ", tc.says)
			require.Equal(t, 200, memory(s.Server).must(t, s.copyOf(s.add(), "Copy")).StatusCode, "nothing was injected")
		})
	}
}

// A copy that is made after the client has stopped waiting is the one that a
// client must not take for none.
func TestTheVendorGoesOnWithoutTheClient(t *testing.T) {
	cases := map[string]struct {
		fault       agentcopytest.Fault
		made        time.Duration // after the request; -1: never
		atTheClient error         // of a client that waits
	}{
		"before the copy":               {agentcopytest.Fault{Delay: time.Minute}, time.Minute, nil},
		"after the copy":                {agentcopytest.Fault{Delay: time.Minute, AfterCopy: true, Drop: true}, 0, io.EOF},
		"before a refusal":              {agentcopytest.Fault{Delay: time.Minute, Drop: true}, -1, io.EOF},
		"before a copy that is cut off": {agentcopytest.Fault{Delay: time.Minute, Truncate: 2}, time.Minute, io.ErrUnexpectedEOF},
	}
	eachVendor(t, func(t *testing.T, start starter) {
		for name, tc := range cases {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := start()
					begin := time.Now()
					s.Inject(tc.fault, tc.fault)

					ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
					defer cancel()
					_, err := memory(s.Server).send(ctx, s.copyOf(s.add(), "Copy"))
					require.ErrorIs(t, err, context.DeadlineExceeded)
					require.Equal(t, 10*time.Second, time.Since(begin), "the client does not wait for the vendor")
					if tc.made == 0 {
						require.Len(t, s.Copies(), 1)
					} else {
						require.Empty(t, s.Copies())
					}

					time.Sleep(50*time.Second - 1)
					require.Equal(t, tc.made == 0, len(s.Copies()) == 1)
					time.Sleep(time.Nanosecond)
					synctest.Wait()
					require.Equal(t, tc.made >= 0, len(s.Copies()) == 1, "the vendor went on")
					if tc.made >= 0 {
						require.Equal(t, begin.Add(tc.made), s.Copies()[0].At)
					}

					begin = time.Now()
					_, err = memory(s.Server).send(t.Context(), s.copyOf(s.add(), "Copy 2"))
					require.ErrorIs(t, err, tc.atTheClient)
					require.Equal(t, time.Minute, time.Since(begin))
				})
			})
		}
	})
}

func TestALateCopyOverASocketIsMade(t *testing.T) {
	for delay := 100 * time.Millisecond; ; delay *= 4 { // long enough to give up before the answer comes
		s := newKolena()
		t.Cleanup(s.Close)
		s.Inject(agentcopytest.Fault{Delay: delay})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for len(s.Requests()) == 0 {
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
		_, err := door{socketClient(t), s.URL()}.send(ctx, s.copyOf(s.add(), "Copy"))
		if err == nil && delay < time.Minute {
			continue
		}
		require.ErrorIs(t, err, context.Canceled)
		require.Eventually(t, func() bool { return len(s.Copies()) == 1 }, 2*time.Minute, time.Millisecond)
		require.GreaterOrEqual(t, s.Copies()[0].At.Sub(s.Requests()[0].At), delay)
		return
	}
}

// What the SDK makes of the faults is what they are for.
func TestTheSDKSeesEachFault(t *testing.T) {
	cases := map[string]struct {
		fault   agentcopytest.Fault
		outcome agentcopy.Outcome
		is      error
		copies  int
	}{
		"drop":                {agentcopytest.Fault{Drop: true}, agentcopy.OutcomeUnknown, io.EOF, 0},
		"drop after the copy": {agentcopytest.Fault{Drop: true, AfterCopy: true}, agentcopy.OutcomeUnknown, io.EOF, 1},
		"500 after the copy":  {agentcopytest.Fault{Status: 500, AfterCopy: true}, agentcopy.OutcomeUnknown, agentcopy.ErrServer, 1},
		"cut off":             {agentcopytest.Fault{Truncate: 10}, agentcopy.OutcomeCopied, io.ErrUnexpectedEOF, 1},
		"a proxy's page":      {agentcopytest.Fault{Body: "<html></html>"}, agentcopy.OutcomeUnknown, agentcopy.ErrOutcomeUnknown, 0},
		"empty":               {agentcopytest.Fault{Status: 200, AfterCopy: true}, agentcopy.OutcomeCopied, agentcopy.ErrCopied, 1},
		"400":                 {agentcopytest.Fault{Status: 400, Body: `{"detail":"no"}`}, agentcopy.OutcomeNotCopied, agentcopy.ErrInvalid, 0},
		"elsewhere":           {agentcopytest.Fault{Status: 307, Header: http.Header{"Location": {"https://other.example/"}}}, agentcopy.OutcomeNotCopied, nil, 0},
	}
	eachVendor(t, func(t *testing.T, start starter) {
		for name, tc := range cases {
			t.Run(name, func(t *testing.T) {
				eachDoor(t, start, func(t *testing.T, s *subject, d door) {
					s.Inject(tc.fault)
					opts := []agentcopy.Option{agentcopy.WithHTTPClient(d.client)}
					if strings.HasPrefix(d.base, "http://") {
						opts = append(opts, agentcopy.WithBaseURL(d.base))
					}
					_, err := s.copy(t.Context(), s.add(), "Copy", opts...)
					require.Equal(t, tc.outcome, vendortest.RequireError(t, err).Outcome, "%v", err)
					if tc.is != nil {
						require.ErrorIs(t, err, tc.is)
					}
					require.Len(t, s.Copies(), tc.copies)
					require.Len(t, s.Requests(), 1, "nothing is sent twice")
				})
			})
		}
	})
}
