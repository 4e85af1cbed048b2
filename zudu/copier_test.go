package zudu_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/zudu"
)

func TestCopier(t *testing.T) {
	generations := map[string][]agentcopytest.ServerOption{
		"first generation":  {agentcopytest.WithZuduFirstGeneration()},
		"second generation": nil,
	}
	for name, opts := range generations {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := agentcopytest.NewZudu(opts...)
				defer server.Close()
				source := server.AddAgent(zudu.Agent{AgentName: "Support"})
				server.AddAgent(zudu.Agent{AgentName: "Berlin, old"})
				client, err := zudu.New("not-a-real-key", "not-a-real-secret", agentcopy.WithHTTPClient(server.Client()))
				require.NoError(t, err)
				copier := client.Copier()
				request := agentcopy.CopyRequest{SourceID: source.AgentID, Name: " Berlin "}

				time.Sleep(time.Minute + 700*time.Millisecond) // the stamps have whole seconds
				since := time.Now()
				server.Inject(agentcopytest.Fault{Status: 502, AfterCopy: true})
				_, err = copier.Copy(t.Context(), request)
				require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
				found, err := copier.FindCopies(t.Context(), request, since)
				require.NoError(t, err)
				require.Len(t, found, 1)
				require.Equal(t, server.Copies()[0].ID, found[0].ID)
				require.Equal(t, "Berlin", found[0].Name)

				made, err := copier.Copy(t.Context(), agentcopy.CopyRequest{SourceID: source.AgentID, Name: "Wien"})
				require.NoError(t, err)
				require.Equal(t, []string{"zudu", source.AgentID, server.Copies()[1].ID, "Wien"}, []string{made.Provider, made.SourceID, made.ID, made.Name})
			})
		})
	}
}

func TestCopierDoesNotTakeAnOlderAgentForTheCopy(t *testing.T) {
	cases := []struct {
		name    string
		opts    []agentcopytest.ServerOption
		age     time.Duration
		unclear bool
	}{
		{"zoned", []agentcopytest.ServerOption{agentcopytest.WithZuduFirstGeneration()}, time.Minute, false},
		{"without a zone, of today", nil, time.Hour, true},
		{"without a zone, of yesterday", nil, 24 * time.Hour, false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := agentcopytest.NewZudu(tc.opts...)
				defer server.Close()
				source := server.AddAgent(zudu.Agent{AgentName: "Support"})
				server.AddAgent(zudu.Agent{AgentName: "Berlin"})
				client, err := zudu.New("not-a-real-key", "not-a-real-secret", agentcopy.WithHTTPClient(server.Client()))
				require.NoError(t, err)
				time.Sleep(tc.age)
				_, err = client.Copier().FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: source.AgentID, Name: "Berlin"}, time.Now())
				if tc.unclear {
					require.ErrorIs(t, err, agentcopy.ErrAmbiguous)
				} else {
					require.NoError(t, err)
				}
			})
		})
	}
}

func TestCopierRefusesABlankName(t *testing.T) {
	client, err := zudu.New("not-a-real-key", "not-a-real-secret")
	require.NoError(t, err)
	_, err = client.Copier().FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: "agent_1", Name: " "}, time.Now())
	require.ErrorIs(t, err, agentcopy.ErrInvalid, "every agent would be a copy")
}
