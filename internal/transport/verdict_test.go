package transport_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// TestVerdicts: what became of an attempt, and how often it was made, under each retry mode.
// Statuses, broken connections and the usual answers are in the tables of package conformance;
// these are what only a transport of a test's own meets.
func TestVerdicts(t *testing.T) {
	const page = "<html><head><title>Bad gateway</title></head></html>"
	cases := []struct {
		name    string
		step    step
		outcome agentcopy.Outcome
		safe    int // attempts under RetrySafe, of at most 3
		always  int // and under RetryAlways
		is      error
		reads   int // attempts of a read under RetrySafe
	}{
		{"no connection", fail(io.EOF, "sought"), agentcopy.OutcomeNotCopied, 3, 3, io.EOF, 3},
		{"connection broke before the headers", fail(io.EOF, "sought", "got"), agentcopy.OutcomeNotCopied, 3, 3, io.EOF, 3},
		{"HTTP/2 stream broke while its headers were written", fail(io.EOF, "sought", "got", "encoded"), agentcopy.OutcomeUnknown, 1, 3, io.EOF, 3},
		{"connection broke after the headers", fail(io.EOF, "sought", "got", "written"), agentcopy.OutcomeUnknown, 1, 3, io.EOF, 3},
		{"a transport that is mum", fail(io.EOF), agentcopy.OutcomeUnknown, 1, 3, io.EOF, 3},
		{"interrupted between connection and headers", fail(fmt.Errorf("x: %w", context.Canceled), "sought", "got"), agentcopy.OutcomeUnknown, 1, 3, context.Canceled, 3},
		{"time-out between connection and headers", fail(context.DeadlineExceeded, "sought", "got"), agentcopy.OutcomeUnknown, 1, 3, context.DeadlineExceeded, 3},
		{"host name of another", fail(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "a"}, "sought"), agentcopy.OutcomeNotCopied, 1, 1, nil, 1},
		{"certificate of an authority that is unknown", fail(x509.UnknownAuthorityError{}, "sought"), agentcopy.OutcomeNotCopied, 1, 1, nil, 1},
		{"403 text", answer(403, "RBAC: access denied"), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrForbidden, 1},
		{"403 list", answer(403, " [1"), agentcopy.OutcomeNotCopied, 1, 1, agentcopy.ErrForbidden, 1},
		{"403 JSON text", answer(403, `"no"`), agentcopy.OutcomeNotCopied, 1, 1, agentcopy.ErrForbidden, 1},
		{"403 with a byte order mark", answer(403, "\ufeff{}"), agentcopy.OutcomeNotCopied, 1, 1, agentcopy.ErrForbidden, 1},
		{"403 cut off before its body", cutOff(403, ""), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrForbidden, 1},
		{"403 cut off within its body", cutOff(403, `{"det`), agentcopy.OutcomeNotCopied, 1, 1, agentcopy.ErrForbidden, 1},
		{"99", answer(99, ""), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrOutcomeUnknown, 1},

		{"200, blank", answer(200, " \r\n"), agentcopy.OutcomeCopied, 1, 1, agentcopy.ErrCopied, 1},
		{"200, a list", answer(200, `[]`), agentcopy.OutcomeUnknown, 1, 3, nil, 1},
		{"200, too large, a list", answer(200, strings.Repeat("[", 100_000)), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrTooLarge, 1},
		{"200, too large, blank so far", chunked(200, strings.Repeat(" ", 2000)+page), agentcopy.OutcomeCopied, 1, 1, agentcopy.ErrTooLarge, 1},
		{"200, cut off before its body", cutOff(200, ""), agentcopy.OutcomeCopied, 1, 1, io.ErrUnexpectedEOF, 3},
		{"200, cut off after an error", cutOff(200, `{"error":{"code":429},"a`), agentcopy.OutcomeUnknown, 1, 3, nil, 3},
		{"200, empty and packed", answer(200, "", "Content-Encoding", "br"), agentcopy.OutcomeUnknown, 1, 3, nil, 1},
		{"200 of a cache, without an ID", answer(200, `{}`, "X-Cache", "HIT"), agentcopy.OutcomeUnknown, 1, 1, nil, 1},
		{"202, empty", answer(202, ""), agentcopy.OutcomeUnknown, 1, 3, nil, 1},
		{"200, an error as a detail", answer(200, `{"detail":"no"}`), agentcopy.OutcomeUnknown, 1, 1, nil, 1},
		{"200, another status", answer(200, `{"status":"failed"}`), agentcopy.OutcomeUnknown, 1, 1, nil, 1},
		{"200, malformed", answer(200, `{"count":NaN}`), agentcopy.OutcomeUnknown, 1, 1, nil, 1},
		{"200, no error", answer(200, `{"error":null,"status":"success","success":true}`), agentcopy.OutcomeCopied, 1, 1, nil, 1},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			for mode, want := range map[agentcopy.RetryMode]int{agentcopy.RetrySafe: tc.safe, agentcopy.RetryNever: 1, agentcopy.RetryAlways: tc.always} {
				synctest.Test(t, func(t *testing.T) {
					s := play(tc.step)
					c := newClient(t, s, agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: mode, MaxAttempts: 3}), agentcopy.WithMaxResponseBytes(1500))
					_, _, err := doCopy(t, c)
					e := asError(t, err)
					require.Equal(t, tc.outcome, e.Outcome, "outcome under %v: %v", mode, err)
					require.Len(t, s.requests(), want, "requests under %v: %v", mode, err)
					require.Len(t, e.Attempts, want, "attempts told under %v", mode)
					unsent := e.StatusCode == 0 && tc.outcome == agentcopy.OutcomeNotCopied
					require.Equal(t, !unsent, e.Attempts[0].Sent, "Sent is false only if that is proven")
					if tc.is != nil {
						require.ErrorIs(t, err, tc.is)
					}
				})
			}
			synctest.Test(t, func(t *testing.T) {
				s := play(tc.step)
				_, _, err := doGet(t, newClient(t, s, agentcopy.WithRetry(agentcopy.RetryPolicy{MaxAttempts: 3}), agentcopy.WithMaxResponseBytes(1500)))
				require.Equal(t, agentcopy.OutcomeNotCopied, asError(t, err).Outcome, "outcome of a read: %v", err)
				require.Len(t, s.requests(), tc.reads, "requests of a read: %v", err)
			})
		})
	}
}

func TestACachesAnswerToACopyIsNoProof(t *testing.T) {
	_, _, err := doCopy(t, newClient(t, play(answer(201, made, "Age", "7"))))
	require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
	require.ErrorContains(t, err, "earlier request: a cache answered: Age is 7")
}

// chunked is an answer of unknown length.
func chunked(status int, body string) step {
	return func(req *http.Request) (*http.Response, error) {
		resp, err := answer(status, body)(req)
		resp.ContentLength = -1
		return resp, err
	}
}

func TestOutcomeIsThatOfAllAttempts(t *testing.T) {
	cases := []struct {
		name  string
		steps []step
		want  agentcopy.Outcome
		is    []error
	}{
		{"a conflict does not hide an unknown attempt", []step{fail(io.EOF), answer(409, "")}, agentcopy.OutcomeUnknown, []error{agentcopy.ErrConflict, agentcopy.ErrOutcomeUnknown}},
		{"copied beats unknown", []step{answer(500, ""), answer(200, "{}")}, agentcopy.OutcomeCopied, []error{agentcopy.ErrCopied}},
		{"only refusals", []step{answer(429, ""), answer(404, "")}, agentcopy.OutcomeNotCopied, []error{agentcopy.ErrNotFound}},
		{"an answer, then none", []step{answer(429, "", "Retry-After", "1"), fail(io.EOF)}, agentcopy.OutcomeUnknown, []error{agentcopy.ErrRateLimited, io.EOF}},
	}
	for _, tc := range cases {
		inBubble(t, tc.name, func(t *testing.T) {
			_, _, err := doCopy(t, newClient(t, play(tc.steps...), agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryAlways, MaxAttempts: 2})))
			e := asError(t, err)
			require.Equal(t, tc.want, e.Outcome, "%v", err)
			require.Len(t, e.Attempts, 2)
			for _, is := range tc.is {
				require.ErrorIs(t, err, is)
			}
		})
	}
}
