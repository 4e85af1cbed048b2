package engine

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/once"
)

// watched is a Copier of a fake, whose copies traffic watches.
func watched(t *testing.T, limit agentcopy.Limiter) (*agentcopytest.Kolena, *traffic, func(context.Context) error) {
	server := agentcopytest.NewKolena()
	server.AddAgent(kolena.Agent{ID: 7, Name: "Lease reader"})
	traffic := newTraffic(100)
	client, err := kolena.New("a key", agentcopy.WithHTTPClient(server.Client()), agentcopy.WithLimiter(limit), agentcopy.WithMiddleware(traffic.middleware))
	require.NoError(t, err)
	copier := gentle{client.Copier(kolena.CopyAgentRequest{}), traffic}
	return server, traffic, func(ctx context.Context) error {
		_, err := copier.Copy(ctx, agentcopy.CopyRequest{SourceID: "7", Name: "Tenant 1"})
		return err
	}
}

func TestWhatIsOnTheWireEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, traffic, copyOne := watched(t, agentcopy.Unlimited)
		server.Inject(agentcopytest.Fault{Delay: 20 * time.Second})
		done := make(chan error)
		go func() { done <- copyOne(t.Context()) }()
		time.Sleep(time.Second)
		require.Equal(t, 1, traffic.onWire())
		traffic.stop()
		require.NoError(t, <-done)
		require.Zero(t, traffic.onWire())
		require.Len(t, traffic.times(), 1)
		require.ErrorIs(t, copyOne(t.Context()), errWithdrawn, "and nothing follows")
		require.Len(t, server.Requests(), 1)
	})
}

func TestWhatWaitsForTheLimiterIsWithdrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, traffic, copyOne := watched(t, agentcopy.NewWindowLimiter(1, time.Hour))
		require.NoError(t, copyOne(t.Context()))
		done := make(chan error)
		go func() { done <- copyOne(t.Context()) }()
		time.Sleep(time.Second)
		begun := time.Now()
		traffic.stop()
		err := <-done
		require.Zero(t, time.Since(begun))
		require.ErrorIs(t, err, errWithdrawn)
		require.Equal(t, NotStarted, StatusOf(err))
		require.Len(t, server.Requests(), 1)
	})
}

// A copy that was refused and waits to be sent again is withdrawn too; its error
// still tells what the vendor said.
func TestWhatWaitsToBeRepeatedIsWithdrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, traffic, copyOne := watched(t, agentcopy.Unlimited)
		server.Inject(agentcopytest.Fault{Status: 429, Header: http.Header{"Retry-After": {"60"}}, Body: `{"detail":"slow down"}`})
		done := make(chan error)
		go func() { done <- copyOne(t.Context()) }()
		time.Sleep(time.Second)
		require.Zero(t, traffic.onWire())
		begun := time.Now()
		traffic.stop()
		err := <-done
		require.Zero(t, time.Since(begun))
		require.ErrorIs(t, err, errWithdrawn)
		require.ErrorIs(t, err, agentcopy.ErrRateLimited)
		require.Contains(t, err.Error(), "slow down")
		require.Equal(t, NotStarted, StatusOf(err))
		require.Empty(t, server.Copies())
	})
}

// A vendor's refusal that comes while the run stops is told as it is.
func TestARefusalOnTheWireIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, traffic, copyOne := watched(t, agentcopy.Unlimited)
		server.Inject(agentcopytest.Fault{Delay: 5 * time.Second, Status: 404, Body: `{"detail":"no such agent"}`})
		done := make(chan error)
		go func() { done <- copyOne(t.Context()) }()
		time.Sleep(time.Second)
		traffic.stop()
		err := <-done
		require.ErrorIs(t, err, agentcopy.ErrNotFound)
		require.Contains(t, err.Error(), "no such agent")
		require.Equal(t, Failed, StatusOf(err))
	})
}

func TestIdentityIsPassedOn(t *testing.T) {
	client, err := kolena.New("a key")
	require.NoError(t, err)
	plain := client.Copier(kolena.CopyAgentRequest{TargetFolderID: 7})
	req := agentcopy.CopyRequest{SourceID: "7", Name: "Tenant 1"}
	require.Equal(t, plain.Identify(req), gentle{plain, newTraffic(1)}.Identify(req))
}

func TestStatusOf(t *testing.T) {
	cases := []struct {
		err  error
		want Status
	}{
		{nil, Copied},
		{errors.New("any"), Failed},
		{&agentcopy.Error{Outcome: agentcopy.OutcomeNotCopied, StatusCode: 404}, Failed},
		{&agentcopy.Error{Outcome: agentcopy.OutcomeUnknown, Err: context.Canceled}, Unknown},
		{&agentcopy.Error{Outcome: agentcopy.OutcomeCopied}, Unknown},
		{&agentcopy.Error{Outcome: agentcopy.OutcomeNotCopied, Err: context.Canceled}, NotStarted},
		{neverSent(), NotStarted},
		{once.ErrAmbiguous, Unknown},
		{once.ErrInProgress, Unknown},
		{once.ErrKeyReused, Failed},
	}
	for _, tc := range cases {
		require.Equal(t, tc.want, StatusOf(tc.err), "%v", tc.err)
	}
}
