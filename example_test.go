package agentcopy_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"testing"
	"time"

	"golang.org/x/time/rate"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// The code of README.md stands here, and a test compares the two. The files
// example_*_test.go show the parts of the package one by one.

var (
	ctx       = context.Background()
	apiKey    = "not-a-real-key"
	apiSecret = "not-a-real-secret"
)

// inMemory has a client send its requests to a fake in place of the vendor.
func inMemory(server interface{ Client() *http.Client }) []agentcopy.Option {
	return []agentcopy.Option{agentcopy.WithHTTPClient(server.Client())}
}

func Example_zudu() {
	server := agentcopytest.NewZudu()
	defer server.Close()
	agentID := server.AddAgent(zudu.Agent{AgentName: "Support"}).AgentID
	opts := inMemory(server)

	client, err := zudu.New(apiKey, apiSecret, opts...)
	if err != nil {
		fmt.Println(err)
		return
	}
	agent, err := client.DuplicateAgent(ctx, agentID, zudu.DuplicateAgentRequest{AgentName: "Support, Berlin"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.AgentID, agent.AgentName)
	// Output: agent_00000000-0000-4000-8000-000000000002 Support, Berlin
}

func Example_cotool() {
	server := agentcopytest.NewCotool()
	defer server.Close()
	agentID := server.AddAgent(cotool.Agent{Name: "Phishing triage", SyncKey: "phishing-triage"}).ID
	opts := inMemory(server)

	client, err := cotool.New(apiKey, opts...)
	if err != nil {
		fmt.Println(err)
		return
	}
	moved, err := client.CopyAgent(ctx, agentID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(moved.Agent.ID, "in place of", moved.ParkedAgentID)
	// Output: 00000000-0000-4000-8000-000000000002 in place of 00000000-0000-4000-8000-000000000001
}

func Example_langSmith() {
	server := agentcopytest.NewLangSmith()
	defer server.Close()
	agentID := server.AddAgent(langsmith.Agent{Name: "Researcher"}).ID
	opts := append(inMemory(server), langsmith.WithWorkspace("5a1c0f6e-0000-4000-8000-000000000000"))

	client, err := langsmith.New(apiKey, opts...)
	if err != nil {
		fmt.Println(err)
		return
	}
	agent, err := client.CloneAgent(ctx, agentID, langsmith.CloneAgentRequest{Name: "Researcher, EU law"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.ID, agent.Name)
	// Output: 00000000-0000-4000-8000-000000000002 Researcher, EU law
}

func Example_kolena() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID
	opts := inMemory(server)

	client, err := kolena.New(apiKey, opts...)
	if err != nil {
		fmt.Println(err)
		return
	}
	agent, err := client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Lease reader, Hamburg"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.ID, agent.Name)
	// Output: 2 Lease reader, Hamburg
}

func Example_list() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	server.AddAgent(kolena.Agent{Name: "Lease reader"})
	server.AddAgent(kolena.Agent{Name: "Invoice reader"})
	client, err := kolena.New(apiKey, inMemory(server)...)
	if err != nil {
		fmt.Println(err)
		return
	}

	for agent, err := range client.ListAgents(ctx, kolena.ListAgentsRequest{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(agent.ID, agent.Name)
	}
	// Unordered output:
	// 1 Lease reader
	// 2 Invoice reader
}

func ExampleError() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	server.Inject(agentcopytest.Fault{Status: 502, AfterCopy: true})
	agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID
	client, err := kolena.New(apiKey, inMemory(server)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	request := kolena.CopyAgentRequest{Name: "Lease reader, Hamburg"}

	_, err = client.CopyAgent(ctx, agentID, request)
	switch {
	case err == nil:
		fmt.Println("copied")
	case errors.Is(err, agentcopy.ErrOutcomeUnknown):
		fmt.Println("look for the copy before you send the request again")
	case errors.Is(err, agentcopy.ErrCopied):
		fmt.Println("a copy was made, but its answer cannot be used")
	case errors.Is(err, agentcopy.ErrNotFound):
		fmt.Println("there is no such agent, or the key may not see it")
	default: // no copy was made
		fmt.Println(err)
	}

	if e, ok := errors.AsType[*agentcopy.Error](err); ok {
		fmt.Println(e.Provider, e.Operation, e.StatusCode, e.Outcome, len(e.Attempts))
	}
	fmt.Println("copies on the server:", len(server.Copies()))
	// Output:
	// look for the copy before you send the request again
	// kolena CopyAgent 502 unknown 1
	// copies on the server: 1
}

func ExampleWithRetry() {
	client, err := kolena.New(apiKey, agentcopy.WithRetry(agentcopy.RetryPolicy{
		Mode:        agentcopy.RetrySafe, // the default; see also RetryNever and RetryAlways
		MaxAttempts: 6,                   // the first one counts; the default is 4
		MaxWait:     10 * time.Minute,    // the longest Retry-After to wait out; the default is 2 minutes
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = client

	_, err = kolena.New(apiKey, agentcopy.WithRetry(agentcopy.RetryPolicy{MaxAttempts: -1}))
	fmt.Println(err)
	// Output: kolena: New: WithRetry: MaxAttempts is negative: -1: invalid request
}

func ExampleWithLimiter() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID

	slow := rate.NewLimiter(rate.Every(2*time.Second), 1) // of golang.org/x/time/rate
	client, err := kolena.New(apiKey, agentcopy.WithLimiter(slow))
	if err != nil {
		fmt.Println(err)
		return
	}
	if client, err = client.With(inMemory(server)...); err != nil {
		fmt.Println(err)
		return
	}
	// The first request may leave at once, the second one two seconds later: this
	// context does not wait for it.
	hurry, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	for _, name := range []string{"Hamburg", "Bremen"} {
		_, err = client.CopyAgent(hurry, agentID, kolena.CopyAgentRequest{Name: name})
		fmt.Println(name, "copied:", err == nil, "refused by the limiter:", errors.Is(err, context.DeadlineExceeded))
	}
	// Output:
	// Hamburg copied: true refused by the limiter: false
	// Bremen copied: false refused by the limiter: true
}

func ExampleOption() {
	transport := http.DefaultTransport
	tracing := func(next http.RoundTripper) http.RoundTripper { return next }
	os.Setenv("ZUDU_API_KEY", "not-a-real-key") // which the environment of a program does
	os.Setenv("ZUDU_API_SECRET", "not-a-real-secret")
	defer os.Unsetenv("ZUDU_API_KEY")
	defer os.Unsetenv("ZUDU_API_SECRET")

	client, err := zudu.NewFromEnv(
		agentcopy.WithHTTPClient(&http.Client{Transport: transport}),
		agentcopy.WithMiddleware(tracing),
		agentcopy.WithAttemptTimeout(30*time.Second),
		agentcopy.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil))),
		agentcopy.WithUserAgent("migrator/1.4"),
	)
	fmt.Println(client != nil, err)
	// Output: true <nil>
}

func ExampleRunner() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true}) // the answer is lost
	agentID := fmt.Sprint(server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID)
	client, err := kolena.New(apiKey, inMemory(server)...)
	if err != nil {
		fmt.Println(err)
		return
	}

	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	request := agentcopy.CopyRequest{SourceID: agentID, Name: "Lease reader, Hamburg"}
	made, err := runner.Copy(ctx, "tenants/hamburg", client.Copier(kolena.CopyAgentRequest{}), request)
	if ambiguous, ok := errors.AsType[*once.AmbiguousError](err); ok {
		fmt.Println("a person decides:", ambiguous.Candidates) // then Assign or Dismiss
		return
	}
	if err != nil {
		fmt.Println(err) // call again with the same key
		return
	}
	fmt.Println(made.ID, made.Name)

	made, err = runner.Copy(ctx, "tenants/hamburg", client.Copier(kolena.CopyAgentRequest{}), request)
	fmt.Println(made.ID, err, "copies on the server:", len(server.Copies()))
	// Output:
	// 2 Lease reader, Hamburg
	// 2 <nil> copies on the server: 1
}

func ExampleRunner_All() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	agentID := fmt.Sprint(server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID)
	client, err := kolena.New(apiKey, inMemory(server)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	copier := client.Copier(kolena.CopyAgentRequest{})
	runner := &once.Runner{Ledger: once.NewMemoryLedger()}

	jobs := func(yield func(once.Job) bool) { // an iter.Seq; slices.Values makes one of a slice
		for _, tenant := range []string{"Hamburg", "Bremen", "Kiel"} {
			request := agentcopy.CopyRequest{SourceID: agentID, Name: "Lease reader, " + tenant}
			if !yield(once.Job{Key: "tenants/" + tenant, Copier: copier, Request: request}) {
				return
			}
		}
	}
	for result := range runner.All(ctx, jobs) {
		fmt.Println(result.Job.Key, result.Copy.Name, result.Err)
	}
	// Unordered output:
	// tenants/Hamburg Lease reader, Hamburg <nil>
	// tenants/Bremen Lease reader, Bremen <nil>
	// tenants/Kiel Lease reader, Kiel <nil>
}

// The test of a program that uses the SDK, as README.md shows it.
func TestLostAnswer(t *testing.T) {
	server := agentcopytest.NewKolena()
	defer server.Close()
	source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true}) // the answer is lost

	client, err := kolena.New("any key", agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.CopyAgent(t.Context(), source.ID, kolena.CopyAgentRequest{Name: "Tenant 1"})
	if !errors.Is(err, agentcopy.ErrOutcomeUnknown) || len(server.Copies()) != 1 {
		t.Errorf("got %v and %d copies, want an unknown outcome and one copy", err, len(server.Copies()))
	}
}
