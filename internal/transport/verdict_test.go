package transport_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// TestVerdicts is the table this SDK exists for: what became of an attempt, and
// how often it was made, under each retry mode.
func TestVerdicts(t *testing.T) {
	const page = "<html><head><title>Bad gateway</title></head></html>"
	dialed := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	cases := []struct {
		name    string
		step    step
		outcome agentcopy.Outcome
		safe    int // attempts under RetrySafe, of at most 3
		always  int // and under RetryAlways
		is      error
		reads   int // attempts of a read under RetrySafe
	}{
		{"refused dial", fail(dialed, "sought"), agentcopy.OutcomeNotCopied, 3, 3, syscall.ECONNREFUSED, 3},
		{"failing DNS", fail(&net.DNSError{Err: "no such host"}, "sought"), agentcopy.OutcomeNotCopied, 3, 3, nil, 3},
		{"connection broke before the headers", fail(io.EOF, "sought", "got"), agentcopy.OutcomeNotCopied, 3, 3, io.EOF, 3},
		{"HTTP/2 stream broke while its headers were written", fail(io.EOF, "sought", "got", "encoded"), agentcopy.OutcomeUnknown, 1, 3, io.EOF, 3},
		{"time-out between connection and headers", fail(context.DeadlineExceeded, "sought", "got"), agentcopy.OutcomeUnknown, 1, 3, context.DeadlineExceeded, 3},
		{"bad certificate", fail(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, "sought"), agentcopy.OutcomeNotCopied, 1, 1, nil, 1},
		{"host name of another", fail(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "a"}, "sought"), agentcopy.OutcomeNotCopied, 1, 1, nil, 1},
		{"reset after the headers", fail(syscall.ECONNRESET, "sought", "got", "written"), agentcopy.OutcomeUnknown, 1, 3, syscall.ECONNRESET, 3},
		{"no proof", fail(errors.New("odd transport")), agentcopy.OutcomeUnknown, 1, 3, nil, 3},
		{"answer and error both", both, agentcopy.OutcomeUnknown, 1, 3, io.ErrClosedPipe, 3},
		{"neither answer nor error", func(*http.Request) (*http.Response, error) { return nil, nil }, agentcopy.OutcomeUnknown, 1, 3, nil, 3},
		{"refused HTTP/2 stream", fail(errors.New("http2: Transport: cannot retry err [stream error: stream ID 1; REFUSED_STREAM; received from peer] after Request.Body was written; define Request.GetBody to avoid this error"), "sought", "got", "written"), agentcopy.OutcomeUnknown, 1, 3, nil, 3},
		{"GOAWAY short of the stream", fail(errors.New("http2: Transport: cannot retry err [http2: Transport received Server's graceful shutdown GOAWAY] after Request.Body was written; define Request.GetBody to avoid this error"), "sought", "got", "written"), agentcopy.OutcomeUnknown, 1, 3, nil, 3},
		{"HTTP/2 protocol error", fail(errors.New("http2: Transport: cannot retry err [stream error: stream ID 1; PROTOCOL_ERROR; received from peer] after Request.Body was written; define Request.GetBody to avoid this error"), "sought", "got", "written"), agentcopy.OutcomeUnknown, 1, 3, nil, 3},

		{"101", answer(101, ""), agentcopy.OutcomeUnknown, 1, 3, nil, 1},
		{"301", answer(301, "", "Location", "https://other.example/"), agentcopy.OutcomeNotCopied, 1, 1, nil, 1},
		{"300", answer(300, "", "Location", "/a"), agentcopy.OutcomeUnknown, 1, 3, nil, 1},
		{"302", answer(302, "", "Location", "/login"), agentcopy.OutcomeUnknown, 1, 3, nil, 1},
		{"303", answer(303, "", "Location", "/things/2"), agentcopy.OutcomeUnknown, 1, 3, nil, 1},
		{"304", answer(304, ""), agentcopy.OutcomeUnknown, 1, 3, nil, 1},
		{"306", answer(306, ""), agentcopy.OutcomeUnknown, 1, 3, nil, 1},
		{"399", answer(399, ""), agentcopy.OutcomeUnknown, 1, 3, nil, 1},
		{"307", answer(307, "", "Location", "/elsewhere"), agentcopy.OutcomeNotCopied, 1, 1, nil, 1},
		{"308 with a location that cannot be read", answer(308, "", "Location", "http://[::1"), agentcopy.OutcomeNotCopied, 1, 1, nil, 1},
		{"400", answer(400, `{"detail":"no"}`), agentcopy.OutcomeNotCopied, 1, 1, agentcopy.ErrInvalid, 1},
		{"401", answer(401, ""), agentcopy.OutcomeNotCopied, 1, 1, agentcopy.ErrUnauthorized, 1},
		{"403 page", answer(403, page), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrForbidden, 1},
		{"403 text", answer(403, "RBAC: access denied"), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrForbidden, 1},
		{"403 list", answer(403, " [1"), agentcopy.OutcomeNotCopied, 1, 1, agentcopy.ErrForbidden, 1},
		{"403 JSON text", answer(403, `"no"`), agentcopy.OutcomeNotCopied, 1, 1, agentcopy.ErrForbidden, 1},
		{"403 with a byte order mark", answer(403, "\ufeff{}"), agentcopy.OutcomeNotCopied, 1, 1, agentcopy.ErrForbidden, 1},
		{"403 cut off before its body", cutOff(403, ""), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrForbidden, 1},
		{"403 cut off within its body", cutOff(403, `{"det`), agentcopy.OutcomeNotCopied, 1, 1, agentcopy.ErrForbidden, 1},
		{"404 page", answer(404, page), agentcopy.OutcomeNotCopied, 1, 1, agentcopy.ErrNotFound, 1},
		{"407", answer(407, page), agentcopy.OutcomeNotCopied, 1, 1, nil, 1},
		{"409 page", answer(409, page), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrConflict, 1},
		{"403", answer(403, ""), agentcopy.OutcomeNotCopied, 1, 1, agentcopy.ErrForbidden, 1},
		{"404", answer(404, ""), agentcopy.OutcomeNotCopied, 1, 1, agentcopy.ErrNotFound, 1},
		{"408", answer(408, ""), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrOutcomeUnknown, 3},
		{"409", answer(409, ""), agentcopy.OutcomeNotCopied, 1, 1, agentcopy.ErrConflict, 1},
		{"422", answer(422, ""), agentcopy.OutcomeNotCopied, 1, 1, agentcopy.ErrInvalid, 1},
		{"425", answer(425, ""), agentcopy.OutcomeNotCopied, 1, 1, nil, 1},
		{"429", answer(429, ""), agentcopy.OutcomeNotCopied, 3, 3, agentcopy.ErrRateLimited, 3},
		{"429 with Retry-After", answer(429, "", "Retry-After", "3"), agentcopy.OutcomeNotCopied, 3, 3, agentcopy.ErrRateLimited, 3},
		{"429 page", answer(429, page), agentcopy.OutcomeNotCopied, 3, 3, agentcopy.ErrRateLimited, 3},
		{"460", answer(460, ""), agentcopy.OutcomeUnknown, 1, 3, nil, 1},
		{"499", answer(499, "{}"), agentcopy.OutcomeUnknown, 1, 3, nil, 1},
		{"500", answer(500, ""), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrServer, 3},
		{"501", answer(501, ""), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrServer, 1},
		{"502 page", answer(502, page), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrServer, 3},
		{"503", answer(503, ""), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrServer, 3},
		{"503 with Retry-After", answer(503, "", "Retry-After", "3"), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrServer, 3},
		{"503 with garbage for Retry-After", answer(503, "", "Retry-After", "-3"), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrServer, 3},
		{"504", answer(504, ""), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrServer, 3},
		{"599", answer(599, ""), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrServer, 3},
		{"99", answer(99, ""), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrOutcomeUnknown, 1},
		{"600", answer(600, ""), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrOutcomeUnknown, 1},

		{"200, cut off", cutOff(200, made), agentcopy.OutcomeCopied, 1, 1, io.ErrUnexpectedEOF, 3},
		{"200, empty", answer(200, ""), agentcopy.OutcomeCopied, 1, 1, agentcopy.ErrCopied, 1},
		{"204", answer(204, ""), agentcopy.OutcomeCopied, 1, 1, agentcopy.ErrCopied, 1},
		{"200, blank", answer(200, " \r\n"), agentcopy.OutcomeCopied, 1, 1, agentcopy.ErrCopied, 1},
		{"200, too large", answer(200, `{"id":"`+strings.Repeat("x", 2000)+`"}`), agentcopy.OutcomeCopied, 1, 1, agentcopy.ErrTooLarge, 1},
		{"200, too large, length unknown", chunked(200, `{"id":"`+strings.Repeat("x", 2000)+`"}`), agentcopy.OutcomeCopied, 1, 1, agentcopy.ErrTooLarge, 1},
		{"200 without an ID", answer(200, `{"count":3}`), agentcopy.OutcomeCopied, 1, 1, agentcopy.ErrCopied, 1},
		{"200 with an ID of a type that stands for none", answer(200, `{"id":[3]}`), agentcopy.OutcomeCopied, 1, 1, agentcopy.ErrCopied, 1},
		{"200, null", answer(200, `null`), agentcopy.OutcomeUnknown, 1, 3, nil, 1},
		{"200, a list", answer(200, `[]`), agentcopy.OutcomeUnknown, 1, 3, nil, 1},
		{"200, a text", answer(200, `"ok"`), agentcopy.OutcomeUnknown, 1, 3, nil, 1},
		{"200, JSON that breaks off", answer(200, `{"id":"a","co`), agentcopy.OutcomeUnknown, 1, 1, nil, 1},
		{"200, too large, a list", answer(200, strings.Repeat("[", 100_000)), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrTooLarge, 1},
		{"200, too large, a page", chunked(200, page+strings.Repeat(" ", 2000)), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrTooLarge, 1},
		{"200, too large, blank so far", chunked(200, strings.Repeat(" ", 2000)+page), agentcopy.OutcomeCopied, 1, 1, agentcopy.ErrTooLarge, 1},
		{"200, a page cut off", cutOff(200, page), agentcopy.OutcomeUnknown, 1, 3, io.ErrUnexpectedEOF, 3},
		{"200, cut off before its body", cutOff(200, ""), agentcopy.OutcomeCopied, 1, 1, io.ErrUnexpectedEOF, 3},
		{"200, cut off after an error", cutOff(200, `{"error":{"code":429},"a`), agentcopy.OutcomeUnknown, 1, 3, nil, 3},
		{"200, packed by nobody's wish", answer(200, "\x1f\x8b\x08", "Content-Encoding", "gzip"), agentcopy.OutcomeUnknown, 1, 3, nil, 1},
		{"200, empty and packed", answer(200, "", "Content-Encoding", "br"), agentcopy.OutcomeUnknown, 1, 3, nil, 1},
		{"202", answer(202, `{"task":7}`), agentcopy.OutcomeUnknown, 1, 1, nil, 1},
		{"202, empty", answer(202, ""), agentcopy.OutcomeUnknown, 1, 3, nil, 1},
		{"207", answer(207, `{}`), agentcopy.OutcomeUnknown, 1, 1, nil, 1},
		{"200, an error as a document", answer(200, `{"error":{"code":429}}`), agentcopy.OutcomeUnknown, 1, 1, nil, 1},
		{"200, an error as a detail", answer(200, `{"detail":"no"}`), agentcopy.OutcomeUnknown, 1, 1, nil, 1},
		{"200, no success", answer(200, `{"success":false}`), agentcopy.OutcomeUnknown, 1, 1, nil, 1},
		{"200, another status", answer(200, `{"status":"failed"}`), agentcopy.OutcomeUnknown, 1, 1, nil, 1},
		{"200, no error", answer(200, `{"error":null,"status":"success","success":true}`), agentcopy.OutcomeCopied, 1, 1, nil, 1},
		{"200, a page", answer(200, page), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrOutcomeUnknown, 1},
		{"200, plain text", answer(200, "OK"), agentcopy.OutcomeUnknown, 1, 3, agentcopy.ErrOutcomeUnknown, 1},
		{"200 that reports an error", answer(200, `{"error":true}`), agentcopy.OutcomeUnknown, 1, 1, nil, 1},
		{"201 with nil header and body", bare(201), agentcopy.OutcomeCopied, 1, 1, agentcopy.ErrCopied, 1},
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
					if tc.is != nil {
						require.ErrorIs(t, err, tc.is)
					}
					require.Equal(t, tc.outcome == agentcopy.OutcomeUnknown, errors.Is(err, agentcopy.ErrOutcomeUnknown), "ErrOutcomeUnknown")
					require.Equal(t, tc.outcome == agentcopy.OutcomeCopied, errors.Is(err, agentcopy.ErrCopied), "ErrCopied")
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

// both breaks the contract of http.RoundTripper by returning two things.
func both(req *http.Request) (*http.Response, error) {
	resp, _ := answer(200, made)(req)
	return resp, io.ErrClosedPipe
}

// bare is an answer in which everything that can be nil is.
func bare(status int) step {
	return func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: status}, nil }
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

func TestSentIsFalseOnlyIfProven(t *testing.T) {
	cases := map[string]struct {
		step step
		want bool
	}{
		"no connection":           {fail(io.EOF, "sought"), false},
		"connection, no headers":  {fail(io.EOF, "sought", "got"), false},
		"interrupted after that":  {fail(fmt.Errorf("x: %w", context.Canceled), "sought", "got"), true},
		"headers":                 {fail(io.EOF, "sought", "got", "written"), true},
		"a transport that is mum": {fail(io.EOF), true},
		"an answer":               {answer(404, ""), true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, _, err := doCopy(t, newClient(t, play(tc.step), agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryNever})))
			require.Equal(t, tc.want, asError(t, err).Attempts[0].Sent)
		})
	}
}
