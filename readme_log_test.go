package agentcopy_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

// TestReadmeLog: the log lines in README.md are those that the SDK writes.
func TestReadmeLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := agentcopytest.NewKolena()
		source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
		server.Inject(
			agentcopytest.Fault{Delay: 210 * time.Millisecond, Header: http.Header{"X-Request-Id": {"7f3a91"}}},
			agentcopytest.Fault{Delay: time.Second, Status: http.StatusBadGateway, AfterCopy: true},
		)
		var log strings.Builder
		withoutTime := func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: withoutTime}))
		client, err := kolena.New("not-a-real-key", agentcopy.WithHTTPClient(server.Client()), agentcopy.WithLogger(logger))
		require.NoError(t, err)

		_, err = client.CopyAgent(t.Context(), source.ID, kolena.CopyAgentRequest{Name: "Hamburg"})
		require.NoError(t, err)
		_, err = client.CopyAgent(t.Context(), source.ID, kolena.CopyAgentRequest{Name: "Bremen"})
		require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
		logger.Error("Bremen is not copied", "error", err)

		require.True(t, strings.Contains(readFile(t, "README.md"), log.String()), "README.md has other lines than\n%s", log.String())
	})
}
