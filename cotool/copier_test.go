package cotool_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

func TestCopierFindsTheCopyOfALostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := agentcopytest.NewCotool()
		defer server.Close()
		source := server.AddAgent(cotool.Agent{Name: "Triage"})
		other := server.AddAgent(cotool.Agent{Name: "Enrichment"})
		server.AddAgent(cotool.Agent{Name: "Triage", Origin: cotool.OriginUser}) // manual, of its name, and older
		client := newClient(t, server.Client().Transport)
		copier := client.Copier()
		request := agentcopy.CopyRequest{SourceID: strings.ToUpper(source.ID), Name: "ignored"}

		time.Sleep(time.Hour)
		since := time.Now()
		server.AddAgent(cotool.Agent{Name: "Triage", Origin: cotool.OriginUser})
		found, err := copier.FindCopies(t.Context(), request, since)
		require.NoError(t, err)
		require.Equal(t, "[possible]", vendortest.Matches(found), "of the source's name, since how parking shows is inferred")

		time.Sleep(time.Hour)
		since = time.Now()
		vendortest.LoseCopy(t, server.Server, copier, request, agentcopy.ErrAlreadyDone)
		_, err = copier.FindCopies(t.Context(), request, since)
		require.NotErrorIs(t, err, agentcopy.ErrNameTaken, "no name was asked for")

		made, err := copier.Copy(t.Context(), agentcopy.CopyRequest{SourceID: other.ID})
		require.NoError(t, err)
		require.Equal(t, []string{"cotool", other.ID, server.Copies()[1].ID, "Enrichment"}, []string{made.Provider, made.SourceID, made.ID, made.Name})
		require.Len(t, made.Attempts, 1)
		var answer cotool.CopyAgentResponse
		require.NoError(t, json.Unmarshal(made.Body, &answer))
		require.Equal(t, other.ID, answer.ParkedAgentID, "the body has the parked agent")
		for _, sent := range server.Requests() {
			require.Equal(t, sent.Method == http.MethodGet, sent.Header.Get("Cache-Control") == "no-cache")
		}
	})
}

// Cotool does not document whether and how it shows a parked agent, what a copy is
// called, and whether it has a syncKey.
func TestCopierNeverDeniesWhatTheSourceShows(t *testing.T) {
	const (
		id    = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
		newID = "7d1f3b1e-93f5-4c0e-a3f0-0c5f5f1c8a11"
	)
	since := time.Now()
	made := since.UTC().Format(time.RFC3339Nano)
	long := since.Add(-time.Hour).UTC().Format(time.RFC3339Nano)
	source := func(deleted string) string {
		return fmt.Sprintf(`{"id":%q,"name":"Triage","syncKey":"k","createdAt":%q,"deletedAt":%s}`, strings.ToUpper(id), long, deleted)
	}
	agent := func(more string) string { return fmt.Sprintf(`{"id":%q,%s}`, newID, more) }
	copied := agent(`"name":"Triage","createdAt":"` + made + `"`)
	for name, tt := range map[string]struct {
		get, list string // "" for 404
		done      bool
		want      string
	}{
		"not parked":                    {source(`null`), copied, false, "[possible]"},
		"not parked, deletedAt is \"\"": {source(`""`), copied, false, "[possible]"},
		"RFC 3339":                      {source(`"` + made + `"`), copied, true, "[certain]"},
		"milliseconds":                  {source(`1764158400000`), copied, true, "[certain]"},
		"milliseconds as text":          {source(`"1764158400000"`), copied, true, "[certain]"},
		"other text":                    {source(`"yesterday"`), copied, true, "[certain]"},
		"true":                          {source(`true`), copied, true, "[certain]"},
		"an object":                     {source(`{"at":1}`), copied, true, "[certain]"},
		"gone":                          {"", copied, true, "[possible]"},
		"gone and listed as parked":     {"", copied + "," + source(`true`), true, "[certain]"},
		"shown, and listed as parked":   {source(`null`), copied + "," + source(`true`), true, "[certain]"},
		"no copy in the list":           {source(`true`), source(`true`), true, "[]"},
		"a copy of another name":        {source(`true`), agent(`"name":"Other","createdAt":"` + made + `"`), true, "[possible]"},
		"a copy that keeps syncKey":     {source(`true`), agent(`"name":"Triage","syncKey":"k","createdAt":"` + made + `"`), true, "[possible]"},
		"an older agent":                {source(`true`), agent(`"name":"Triage","createdAt":"` + long + `"`), true, "[]"},
		"an agent that was deleted":     {source(`true`), agent(`"name":"Triage","deletedAt":1,"createdAt":"` + made + `"`), true, "[]"},
		"a copy without a stamp":        {source(`true`), agent(`"name":"Triage"`), true, "[possible]"},
	} {
		t.Run(name, func(t *testing.T) {
			wire := vendortest.New(func(_ int, r vendortest.Request) (int, string) {
				switch {
				case strings.HasSuffix(r.Path(), "/agents"):
					return http.StatusOK, "[" + tt.list + "]"
				case tt.get == "":
					return http.StatusNotFound, `{"error":"no such agent"}`
				}
				return http.StatusOK, tt.get
			})
			found, err := newClient(t, wire).Copier().FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: id}, since)
			if tt.done {
				require.ErrorIs(t, err, agentcopy.ErrAlreadyDone)
			} else {
				require.NoError(t, err)
			}
			for _, c := range found {
				require.Equal(t, c.Match == agentcopy.MatchPossible, c.Reason != "")
			}
			require.Equal(t, tt.want, vendortest.Matches(found))
		})
	}
}

func TestIdentityHasTheSourceAsSearchKey(t *testing.T) {
	const id = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
	require.Equal(t, agentcopy.Identity{
		Provider: "cotool", Origin: "https://app.cotool.ai", SourceID: id, SearchKey: id, Traced: true,
	}, newClient(t, nil).Copier().Identify(agentcopy.CopyRequest{SourceID: strings.ToUpper(id), Name: "ignored"}))
}
