package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// anyKey is what the fakes accept for a credential: anything.
const anyKey = "not-a-real-key"

// demo is the quickstart without keys.
func demo(ctx context.Context, out io.Writer) error {
	fmt.Fprintln(out, "agentcopy quickstart: no keys, no network; the vendors are fakes within this program.")
	for _, part := range []func(context.Context, io.Writer) error{oneOnEach, lostAnswer, pacing} {
		fmt.Fprintln(out)
		if err := part(ctx, out); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "\nDone. To copy an agent of yours: go run ./examples/quickstart -help")
	return nil
}

// oneOnEach makes the copy call of each vendor.
func oneOnEach(ctx context.Context, out io.Writer) error {
	fmt.Fprintln(out, "1. One typed call copies an agent, on each vendor")
	row := func(vendor, source, id, name string) {
		fmt.Fprintf(out, "   %-9s  %-42s  ->  %-42s  %q\n", vendor, source, id, name)
	}
	for _, copyOne := range []func(context.Context, func(vendor, source, id, name string)) error{onZudu, onCotool, onLangSmith, onKolena} {
		if err := copyOne(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

func onZudu(ctx context.Context, row func(vendor, source, id, name string)) error {
	server := agentcopytest.NewZudu()
	defer server.Close()
	source := server.AddAgent(zudu.Agent{AgentName: "Support"})
	client, err := zudu.New(anyKey, anyKey, agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		return err
	}
	agent, err := client.DuplicateAgent(ctx, source.AgentID, zudu.DuplicateAgentRequest{AgentName: "Support, Berlin"})
	if err != nil {
		return err
	}
	row("Zudu", source.AgentID, agent.AgentID, agent.AgentName)
	return nil
}

func onCotool(ctx context.Context, row func(vendor, source, id, name string)) error {
	server := agentcopytest.NewCotool()
	defer server.Close()
	source := server.AddAgent(cotool.Agent{Name: "Phishing triage", SyncKey: "phishing-triage"})
	client, err := cotool.New(anyKey, agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		return err
	}
	moved, err := client.CopyAgent(ctx, source.ID)
	if err != nil {
		return err
	}
	row("Cotool", source.ID, moved.Agent.ID, moved.Agent.Name)
	return nil
}

func onLangSmith(ctx context.Context, row func(vendor, source, id, name string)) error {
	server := agentcopytest.NewLangSmith()
	defer server.Close()
	source := server.AddAgent(langsmith.Agent{Name: "Researcher"})
	client, err := langsmith.New(anyKey, agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		return err
	}
	agent, err := client.CloneAgent(ctx, source.ID, langsmith.CloneAgentRequest{Name: "Researcher, EU law"})
	if err != nil {
		return err
	}
	row("LangSmith", source.ID, agent.ID, agent.Name)
	return nil
}

func onKolena(ctx context.Context, row func(vendor, source, id, name string)) error {
	server := agentcopytest.NewKolena()
	defer server.Close()
	source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
	client, err := kolena.New(anyKey, agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		return err
	}
	agent, err := client.CopyAgent(ctx, source.ID, kolena.CopyAgentRequest{Name: "Lease reader, Hamburg"})
	if err != nil {
		return err
	}
	row("Kolena", fmt.Sprint(source.ID), fmt.Sprint(agent.ID), agent.Name)
	return nil
}

// lostAnswer has the connection break after the copy was made: for a client that
// retries whatever fails, for this SDK's default, and for Once.
func lostAnswer(ctx context.Context, out io.Writer) error {
	fmt.Fprintln(out, "2. The vendor makes the copy, and the connection breaks before its answer comes")
	for _, mode := range []agentcopy.RetryMode{agentcopy.RetryAlways, agentcopy.RetrySafe} {
		server := agentcopytest.NewKolena()
		defer server.Close()
		server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
		source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
		client, err := kolena.New(anyKey, agentcopy.WithHTTPClient(server.Client()), agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: mode}))
		if err != nil {
			return err
		}
		_, err = client.CopyAgent(ctx, source.ID, kolena.CopyAgentRequest{Name: "Lease reader, Hamburg"})
		switch {
		case mode == agentcopy.RetrySafe && errors.Is(err, agentcopy.ErrOutcomeUnknown):
			fmt.Fprintf(out, "   By default, agentcopy says: %v\n", err)
			fmt.Fprintf(out, "   It sends no copy again that may have been made. Copies on the server: %d\n", len(server.Copies()))
		case mode == agentcopy.RetryAlways && err == nil:
			fmt.Fprintf(out, "   A client that retries whatever fails reports success. Copies on the server: %d\n", len(server.Copies()))
		default:
			return fmt.Errorf("under retry mode %v the call ended with %v, which this program did not expect", mode, err)
		}
	}
	return settled(ctx, out)
}

// settled has Once deal with the same fault: it looks for the copy.
func settled(ctx context.Context, out io.Writer) error {
	server := agentcopytest.NewKolena()
	defer server.Close()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
	source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
	client, err := kolena.New(anyKey, agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		return err
	}
	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	found, err := runner.Copy(ctx, "tenants/hamburg", client.Copier(kolena.CopyAgentRequest{}),
		agentcopy.CopyRequest{SourceID: fmt.Sprint(source.ID), Name: "Lease reader, Hamburg"})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "   once.Runner looks for the copy, and returns agent %s. Copies on the server: %d\n", found.ID, len(server.Copies()))
	return nil
}

// The limit of part 3. Kolena's own is 60 copies a minute; this one is as
// strict, and does not take a minute to see.
const (
	limit  = 5
	window = time.Second
)

// pacing has many goroutines copy at once, against a server that refuses what is
// over its limit.
func pacing(ctx context.Context, out io.Writer) error {
	const copies = 20
	fmt.Fprintf(out, "3. %d copies at once, from as many goroutines, on a server that allows %d in any %v\n", copies, limit, window)
	server := agentcopytest.NewKolena(agentcopytest.WithRateLimit(limit, window))
	defer server.Close()
	source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
	client, err := kolena.New(anyKey, agentcopy.WithHTTPClient(server.Client()), agentcopy.WithLimiter(agentcopy.NewWindowLimiter(limit, window)))
	if err != nil {
		return err
	}
	start := time.Now()
	var copying sync.WaitGroup
	errs := make([]error, copies)
	for i := range copies {
		copying.Go(func() {
			_, errs[i] = client.CopyAgent(ctx, source.ID, kolena.CopyAgentRequest{Name: fmt.Sprintf("Tenant %02d", i+1)})
		})
	}
	copying.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	drawTimeline(out, server.Requests(), start)
	return nil
}

// drawTimeline shows when the requests reached the server, one mark each.
func drawTimeline(out io.Writer, requests []agentcopytest.Request, start time.Time) {
	refused := 0
	for second, marks := range inWindows(requests, start) {
		fmt.Fprintf(out, "   %ds  %s\n", second, strings.Repeat("#", marks))
	}
	for _, r := range requests {
		if r.StatusCode == 429 {
			refused++
		}
	}
	fmt.Fprintf(out, "   %d requests, %d refused with 429, in %v. Unpaced, %d would have been.\n",
		len(requests), refused, time.Since(start).Round(100*time.Millisecond), len(requests)-limit)
}

// inWindows counts the requests of each window since start.
func inWindows(requests []agentcopytest.Request, start time.Time) []int {
	var counts []int
	for _, r := range requests {
		i := int(r.At.Sub(start) / window)
		for len(counts) <= i {
			counts = append(counts, 0)
		}
		counts[i]++
	}
	return counts
}
