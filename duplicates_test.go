package agentcopy_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/once"
)

// TestDuplicates measures what README.md says of clients that repeat a copy: a
// server makes each copy that it is asked for, and fails to say so.
func TestDuplicates(t *testing.T) {
	readme := readFile(t, "README.md")
	for _, tc := range []struct {
		name   string
		faults int // how many answers in a row are a 500 after the copy was made
		send   func(server *agentcopytest.Kolena, source int64) string
		row    string // of the table in README.md
	}{
		{"retryablehttp, one answer lost", 1, sendRetryably, "| go-retryablehttp, defaults | one answer | 2 | 1s | success |"},
		{"retryablehttp, all answers lost", 9, sendRetryably, "| go-retryablehttp, defaults | every answer | 5 | 15s | an error |"},
		{"agentcopy, one answer lost", 1, sendSafely, "| this SDK, defaults | one answer | 1 | 0s | `ErrOutcomeUnknown` |"},
		{"agentcopy, all answers lost", 9, sendSafely, "| this SDK, defaults | every answer | 1 | 0s | `ErrOutcomeUnknown` |"},
		{"once, one answer lost", 1, sendOnce, "| this SDK, `once` | one answer | 1 | 0s | success |"},
		{"once, all answers lost", 9, sendOnce, "| this SDK, `once` | every answer | 1 | 0s | success |"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := agentcopytest.NewKolena()
				source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
				for range tc.faults {
					server.Inject(agentcopytest.Fault{Status: http.StatusInternalServerError, AfterCopy: true})
				}
				cells := strings.Split(tc.row, " | ")

				start := time.Now()
				says := tc.send(server, source.ID)
				took, copies := time.Since(start), len(server.Copies())

				require.Equal(t, strings.TrimSuffix(cells[4], " |"), says)
				require.Equal(t, cells[2], fmt.Sprint(copies), "copies on the server")
				require.Equal(t, cells[3], took.String())
				require.True(t, strings.Contains(readme, tc.row), "README.md says something else than %s", tc.row)
			})
		})
	}
}

// sendRetryably sends the request as a program would that leaves repeating to
// go-retryablehttp.
func sendRetryably(server *agentcopytest.Kolena, source int64) string {
	client := retryablehttp.NewClient()
	client.Logger = nil
	client.HTTPClient = server.Client()
	url := fmt.Sprintf("https://agents-api.kolena.com/api/v1/client/agents/%d/copy", source)
	req, err := retryablehttp.NewRequest(http.MethodPost, url, strings.NewReader(`{"name": "Lease reader, Hamburg"}`))
	if err != nil {
		return err.Error()
	}
	req.Header.Set("Authorization", "Bearer not-a-real-key")
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return "an error"
	}
	defer resp.Body.Close()
	if _, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Sprint(resp.Status, err)
	}
	return "success"
}

// sendSafely sends it by this SDK.
func sendSafely(server *agentcopytest.Kolena, source int64) string {
	client, err := kolena.New("not-a-real-key", agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		return err.Error()
	}
	_, err = client.CopyAgent(ctx, source, kolena.CopyAgentRequest{Name: "Lease reader, Hamburg"})
	return verdictOf(err)
}

// sendOnce has once find out what became of it.
func sendOnce(server *agentcopytest.Kolena, source int64) string {
	client, err := kolena.New("not-a-real-key", agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		return err.Error()
	}
	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	_, err = runner.Copy(ctx, "tenants/hamburg", client.Copier(kolena.CopyAgentRequest{}),
		agentcopy.CopyRequest{SourceID: fmt.Sprint(source), Name: "Lease reader, Hamburg"})
	return verdictOf(err)
}

func verdictOf(err error) string {
	switch {
	case err == nil:
		return "success"
	case errors.Is(err, agentcopy.ErrOutcomeUnknown):
		return "`ErrOutcomeUnknown`"
	}
	return err.Error()
}
