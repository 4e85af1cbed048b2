package transport_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// TestMiddlewareThatDoesNotWait: a request that middleware has left to itself may
// still make a copy, however far it had come when the middleware returned.
func TestMiddlewareThatDoesNotWait(t *testing.T) {
	for _, reached := range [][]string{{}, {"sought"}, {"sought", "got"}} {
		sought, goOn, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
		s := play(func(req *http.Request) (*http.Response, error) {
			trace := httptrace.ContextClientTrace(req.Context())
			for _, r := range reached {
				if r == "sought" {
					trace.GetConn("api.acme.example:443")
				} else {
					trace.GotConn(httptrace.GotConnInfo{})
				}
			}
			close(sought)
			<-goOn
			return answer(201, made)(req)
		})
		c := newClient(t, s, around(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			go func() {
				defer close(done)
				_, _ = next.RoundTrip(req.WithContext(context.WithoutCancel(req.Context())))
			}()
			<-sought
			return nil, errors.New("it takes too long")
		}))
		_, _, err := doCopy(t, c)
		close(goOn)
		<-done
		require.Equal(t, agentcopy.OutcomeUnknown, asError(t, err).Outcome, "%v: %v", reached, err)
		require.Len(t, s.requests(), 1)
	}
}

// TestMiddlewareThatSendsLate: what it begins to send after it has returned would be
// part of no attempt.
func TestMiddlewareThatSendsLate(t *testing.T) {
	returned, late := make(chan struct{}), make(chan error)
	s := play(answer(201, made))
	c := newClient(t, s, around(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		go func() {
			<-returned
			_, err := next.RoundTrip(req.WithContext(context.WithoutCancel(req.Context())))
			late <- err
		}()
		return answer(429, "")(req)
	}), agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryNever}))
	_, _, err := doCopy(t, c)
	close(returned)
	require.ErrorContains(t, <-late, "after it had returned")
	require.Equal(t, agentcopy.OutcomeNotCopied, asError(t, err).Outcome)
	require.Empty(t, s.requests())
}

// TestMiddlewareThatReturnsAnotherAnswer: that of a request that it sent again tells
// nothing of the one after it.
func TestMiddlewareThatReturnsAnotherAnswer(t *testing.T) {
	s := play(answer(401, ""), answer(201, made))
	c := newClient(t, s, around(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		first, err := next.RoundTrip(req.Clone(req.Context()))
		if err == nil {
			_, err = next.RoundTrip(req)
		}
		return first, err
	}))
	_, _, err := doCopy(t, c)
	require.Equal(t, agentcopy.OutcomeUnknown, asError(t, err).Outcome)
	require.Len(t, s.requests(), 2)
}

// TestReadsThatMiddlewareSendsSideBySide is for the race detector.
func TestReadsThatMiddlewareSendsSideBySide(t *testing.T) {
	s := play(answer(200, made))
	c := newClient(t, s, agentcopy.WithTrace(agentcopy.Trace{
		AttemptDone: func(context.Context, agentcopy.AttemptInfo, agentcopy.Attempt, agentcopy.Outcome) {},
	}), around(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		first := make(chan *http.Response, 3)
		for range cap(first) {
			go func() {
				if resp, err := next.RoundTrip(req.Clone(req.Context())); err == nil {
					first <- resp
				}
			}()
		}
		return <-first, nil
	}))
	for range 100 {
		_, _, err := doGet(t, c)
		require.NoError(t, err)
	}
}
