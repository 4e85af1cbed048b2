package agentcopy_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/internal/wiretest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// TestCopiersOverlookNothingThatTheyCannotRead: an agent whose name cannot be read
// may be the copy. Were it left out, Once would send the request again.
func TestCopiersOverlookNothingThatTheyCannotRead(t *testing.T) {
	const source, other = "3c90c3cc-0d44-4b50-8888-8dd25736052a", "7d1f3b1e-93f5-4c0e-a3f0-0c5f5f1c8a11"
	since := time.Now().Add(-time.Minute)
	made := since.Add(30 * time.Second).UTC().Format(time.RFC3339)
	long := since.Add(-time.Hour).UTC().Format(time.RFC3339)
	for vendor, v := range map[string]struct {
		copier func(*http.Client) (agentcopy.Copier, error)
		page   string // % stands for the agents
		agent  string // @ stands for its ID, $ for its name, # for when it was made
		ids    [2]string
		source string
	}{
		"zudu": {func(c *http.Client) (agentcopy.Copier, error) {
			client, err := zudu.New(wiretest.Key(), "not-a-real-secret", agentcopy.WithHTTPClient(c))
			return client.Copier(), err
		}, `{"status":"success","data":{"agents":[%],"pagination":{"has_next_page":false}}}`,
			`{"agent_id":@,"agent_name":$,"created_at":"#"}`, [2]string{`"agent_2"`, `[2]`}, "agent_1"},
		"cotool": {func(c *http.Client) (agentcopy.Copier, error) {
			client, err := cotool.New(wiretest.Key(), agentcopy.WithHTTPClient(c))
			return client.Copier(), err
		}, `[%]`, `{"id":@,"name":$,"createdAt":"#"}`, [2]string{`"` + other + `"`, `[2]`}, source},
		"langsmith": {func(c *http.Client) (agentcopy.Copier, error) {
			client, err := langsmith.New(wiretest.Key(), agentcopy.WithHTTPClient(c))
			return client.Copier(langsmith.CloneAgentRequest{}), err
		}, `{"items":[%],"next_cursor":null}`, `{"id":@,"name":$,"created_at":"#"}`, [2]string{`"` + other + `"`, `[2]`}, source},
		"kolena": {func(c *http.Client) (agentcopy.Copier, error) {
			client, err := kolena.New(wiretest.Key(), agentcopy.WithHTTPClient(c))
			return client.Copier(kolena.CopyAgentRequest{TargetWorkspaceID: new(int64(5))}), err
		}, `{"agents":[%],"total_pages":1}`, `{"id":@,"name":$,"created":"#","workspace_id":5}`, [2]string{`2`, `"two"`}, "1"},
	} {
		agent := func(id, name, at string) string {
			return strings.NewReplacer("@", id, "$", name, "#", at).Replace(v.agent)
		}
		cases := map[string]struct {
			agents string
			found  int
			want   error
		}{
			"the copy":                  {agent(v.ids[0], `"A copy"`, made), 1, nil},
			"another":                   {agent(v.ids[0], `"B"`, made), 0, nil},
			"another, without a name":   {agent(v.ids[0], `""`, made), 0, nil},
			"a name that is a list":     {agent(v.ids[0], `["A copy"]`, made), 1, agentcopy.ErrAmbiguous},
			"such a name, long ago":     {agent(v.ids[0], `["A copy"]`, long), 0, nil},
			"a name that is an object":  {agent(v.ids[0], `{"text":"A copy"}`, made), 1, agentcopy.ErrAmbiguous},
			"an ID of another type":     {agent(v.ids[1], `"A copy"`, made), 1, agentcopy.ErrAmbiguous},
			"no agent but a text":       {`"A copy"`, 1, agentcopy.ErrAmbiguous},
			"null":                      {`null`, 1, agentcopy.ErrAmbiguous},
			"the copy, and what is not": {agent(v.ids[0], `"A copy"`, made) + `,null`, 2, agentcopy.ErrAmbiguous},
		}
		if vendor == "kolena" {
			moved := strings.Replace(agent(v.ids[0], `"A copy"`, made), `_id":5`, `_id":"five"`, 1)
			cases["a workspace of another type"] = struct {
				agents string
				found  int
				want   error
			}{moved, 1, agentcopy.ErrAmbiguous}
		}
		for name, tt := range cases {
			t.Run(vendor+"/"+name, func(t *testing.T) {
				wire := wiretest.New(func(_ int, r wiretest.Request) (int, string) {
					if strings.HasSuffix(r.Path(), source) { // Cotool's source, which is parked
						return http.StatusOK, `{"id":"` + source + `","name":"A copy","deletedAt":"` + made + `"}`
					}
					return http.StatusOK, strings.Replace(v.page, "%", tt.agents, 1)
				})
				copier, err := v.copier(wire.Client())
				require.NoError(t, err)
				found, err := copier.FindCopies(t.Context(), agentcopy.CopyRequest{SourceID: v.source, Name: "A copy"}, since)
				require.ErrorIs(t, err, tt.want)
				require.Len(t, found, tt.found)
			})
		}
	}
}
