package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// anyKey is what the fakes accept for a credential: anything.
const anyKey = "not-a-real-key"

// scenes makes the copies that are watched.
func scenes(ctx context.Context, t *telemetry) error {
	for _, scene := range []func(context.Context, *telemetry) error{goesWell, isRefusedOnce, losesItsAnswer, isNotMade, isSettled} {
		if err := scene(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// goesWell copies an agent on Kolena.
func goesWell(ctx context.Context, t *telemetry) error {
	server := agentcopytest.NewKolena()
	defer server.Close()
	return copyOnKolena(ctx, t, server)
}

// losesItsAnswer has the connection break after the copy was made. The outcome is
// unknown, and the request is not sent again.
func losesItsAnswer(ctx context.Context, t *telemetry) error {
	server := agentcopytest.NewKolena()
	defer server.Close()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
	return expected(copyOnKolena(ctx, t, server), agentcopy.ErrOutcomeUnknown)
}

func copyOnKolena(ctx context.Context, t *telemetry, server *agentcopytest.Kolena) error {
	source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
	client, err := kolena.New(anyKey, agentcopy.WithHTTPClient(server.Client()), t.options())
	if err != nil {
		return err
	}
	return t.call(ctx, "kolena", "CopyAgent", func(ctx context.Context) (*agentcopy.Response, error) {
		agent, err := client.CopyAgent(ctx, source.ID, kolena.CopyAgentRequest{Name: "Lease reader, Hamburg"})
		if err != nil {
			return nil, err
		}
		return agent.Response, nil
	})
}

// isRefusedOnce meets a 429 on Zudu, waits as it says, and is repeated.
func isRefusedOnce(ctx context.Context, t *telemetry) error {
	server := agentcopytest.NewZudu()
	defer server.Close()
	source := server.AddAgent(zudu.Agent{AgentName: "Support"})
	server.Inject(agentcopytest.Fault{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"1"}}})
	client, err := zudu.New(anyKey, anyKey, agentcopy.WithHTTPClient(server.Client()), t.options())
	if err != nil {
		return err
	}
	return t.call(ctx, "zudu", "DuplicateAgent", func(ctx context.Context) (*agentcopy.Response, error) {
		agent, err := client.DuplicateAgent(ctx, source.AgentID, zudu.DuplicateAgentRequest{AgentName: "Support, Berlin"})
		if err != nil {
			return nil, err
		}
		return agent.Response, nil
	})
}

// isNotMade asks LangSmith for a copy of an agent that is not there.
func isNotMade(ctx context.Context, t *telemetry) error {
	server := agentcopytest.NewLangSmith()
	defer server.Close()
	client, err := langsmith.New(anyKey, agentcopy.WithHTTPClient(server.Client()), t.options())
	if err != nil {
		return err
	}
	err = t.call(ctx, "langsmith", "CloneAgent", func(ctx context.Context) (*agentcopy.Response, error) {
		agent, err := client.CloneAgent(ctx, "3c90c3cc-0d44-4b50-8888-8dd25736052a", langsmith.CloneAgentRequest{Name: "Researcher, EU law"})
		if err != nil {
			return nil, err
		}
		return agent.Response, nil
	})
	return expected(err, agentcopy.ErrNotFound)
}

// isSettled has Once deal with a lost answer: it looks for the copy.
func isSettled(ctx context.Context, t *telemetry) error {
	server := agentcopytest.NewKolena()
	defer server.Close()
	source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
	client, err := kolena.New(anyKey, agentcopy.WithHTTPClient(server.Client()), t.options())
	if err != nil {
		return err
	}
	ctx, span := t.tracer.Start(ctx, "Once.Copy")
	defer span.End()
	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	_, err = runner.Copy(ctx, "tenants/hamburg", t.watch("kolena", client.Copier(kolena.CopyAgentRequest{})),
		agentcopy.CopyRequest{SourceID: strconv.FormatInt(source.ID, 10), Name: "Lease reader, Hamburg"})
	return err
}

// expected is nil if err is the failure that a scene is about.
func expected(err, want error) error {
	if errors.Is(err, want) {
		return nil
	}
	return fmt.Errorf("the call ended with %w, which this program did not expect", err)
}
