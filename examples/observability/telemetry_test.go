package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/once"
)

const (
	secretKey    = "credential-0123456789abcdef"
	secretHeader = "header-0123456789abcdef"
)

// watchedBy returns a telemetry that logs to log, and where its spans end up.
func watchedBy(log io.Writer) (*telemetry, *tracetest.InMemoryExporter) {
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(clean{spans}))
	return newTelemetry(provider, slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), spans
}

// Calls that succeed, that fail, and that meet a server which quotes the
// credential: nothing that is watched has the credential, a header, or a query.
func TestNothingSecretIsSeen(t *testing.T) {
	var log strings.Builder
	watch, spans := watchedBy(&log)
	server := agentcopytest.NewKolena(agentcopytest.WithCredential(secretKey))
	source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
	server.Inject(agentcopytest.Fault{Status: 400, Body: `{"detail": "bad key ` + secretKey + `"}`})
	client, err := kolena.New(secretKey, agentcopy.WithHTTPClient(server.Client()), agentcopy.WithHeader("X-Team", secretHeader), watch.options())
	require.NoError(t, err)
	quoting, err := client.With(agentcopy.WithHTTPClient(&http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("malformed HTTP response %q", req.Header.Get("Authorization"))
	})}))
	require.NoError(t, err)

	request := agentcopy.CopyRequest{SourceID: strconv.FormatInt(source.ID, 10), Name: "Tenant 1"}
	for _, c := range []*kolena.Client{client, quoting} {
		copier := watch.watch("kolena", c.Copier(kolena.CopyAgentRequest{}))
		_, err = copier.Copy(t.Context(), request)
		require.Error(t, err)
	}
	_, err = watch.watch("kolena", client.Copier(kolena.CopyAgentRequest{})).FindCopies(t.Context(), request, source.Created.Time)
	require.NoError(t, err)

	require.NotEmpty(t, server.Requests()[1].Query, "the list has a query that could be seen")
	seen := log.String()
	for _, span := range spans.GetSpans() {
		document, err := json.Marshal(span)
		require.NoError(t, err)
		seen += fmt.Sprintf("%s\n%+v\n", document, span)
	}
	var metrics strings.Builder
	require.NoError(t, watch.metrics.print(&metrics))
	seen += metrics.String()
	require.Contains(t, seen, "https://agents-api.kolena.com/api/v1/client/agents")
	require.NotContains(t, seen, secretKey)
	require.NotContains(t, seen, secretHeader)
	require.NotContains(t, seen, "page_number")
}

// Two templates under one key are two requests: the Copier that is watched says
// so to Once, as it would unwatched.
func TestWatchedCopierHasItsIdentity(t *testing.T) {
	watch, _ := watchedBy(io.Discard)
	server := agentcopytest.NewKolena()
	source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
	client, err := kolena.New(anyKey, agentcopy.WithHTTPClient(server.Client()), watch.options())
	require.NoError(t, err)
	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	request := agentcopy.CopyRequest{SourceID: strconv.FormatInt(source.ID, 10), Name: "Tenant 1"}

	_, err = runner.Copy(t.Context(), "tenant 1", watch.watch("kolena", client.Copier(kolena.CopyAgentRequest{})), request)
	require.NoError(t, err)
	_, err = runner.Copy(t.Context(), "tenant 1", watch.watch("kolena", client.Copier(kolena.CopyAgentRequest{TargetFolderID: 7})), request)
	require.ErrorIs(t, err, once.ErrKeyReused)
	require.Len(t, server.Copies(), 1)
}

// A call of a Copier that succeeds after a refusal is counted with both attempts,
// although the Copy that it returns does not tell of them.
func TestAttemptsOfACopier(t *testing.T) {
	watch, spans := watchedBy(io.Discard)
	server := agentcopytest.NewKolena()
	source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
	server.Inject(agentcopytest.Fault{Status: 429, Header: http.Header{"Retry-After-Ms": {"1"}}})
	client, err := kolena.New(anyKey, agentcopy.WithHTTPClient(server.Client()), watch.options())
	require.NoError(t, err)
	_, err = watch.watch("kolena", client.Copier(kolena.CopyAgentRequest{})).Copy(t.Context(),
		agentcopy.CopyRequest{SourceID: strconv.FormatInt(source.ID, 10), Name: "Tenant 1"})
	require.NoError(t, err)

	var metrics strings.Builder
	require.NoError(t, watch.metrics.print(&metrics))
	require.Contains(t, metrics.String(), `agentcopy_attempts_total{operation="Copy",provider="kolena",status="200"} 1`)
	require.Contains(t, metrics.String(), `agentcopy_attempts_total{operation="Copy",provider="kolena",status="429"} 1`)
	require.Len(t, spans.GetSpans(), 3)
}

// What goes wrong before a request is a call too, one without attempts.
func TestOutcomes(t *testing.T) {
	watch, spans := watchedBy(io.Discard)
	client, err := kolena.New(anyKey, watch.options())
	require.NoError(t, err)
	err = watch.call(t.Context(), "kolena", "GetAgent", func(ctx context.Context) (*agentcopy.Response, error) {
		_, err := client.GetAgent(ctx, -1)
		return nil, err
	})
	require.ErrorIs(t, err, agentcopy.ErrInvalid)
	require.Len(t, spans.GetSpans(), 1)
	require.Equal(t, "not_copied", outcomeOf(err))
	require.Equal(t, "success", outcomeOf(nil))
	require.Equal(t, "error", outcomeOf(errors.New("a Ledger's, say")))
	require.Equal(t, "copied", outcomeOf(&agentcopy.Error{Outcome: agentcopy.OutcomeCopied}))
}
