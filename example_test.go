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
	"github.com/agentcopy/agentcopy-go/zudu"
)

// The code of README.md stands here, and a test compares the two.

var (
	ctx       = context.Background()
	apiKey    = "not-a-real-key"
	apiSecret = "not-a-real-secret"
)

func Example_zudu() {
	server := agentcopytest.NewZudu()
	defer server.Close()
	agentID := server.AddAgent(zudu.Agent{AgentName: "Support"}).AgentID
	inMemory := agentcopy.WithHTTPClient(server.Client())

	client, err := zudu.New(apiKey, apiSecret, inMemory)
	if err != nil {
		fmt.Println(err)
		return
	}
	agent, err := client.DuplicateAgent(ctx, agentID, zudu.DuplicateAgentRequest{AgentName: "Support, Berlin"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.AgentName)
	// Output: Support, Berlin
}

func Example_cotool() {
	server := agentcopytest.NewCotool()
	defer server.Close()
	agentID := server.AddAgent(cotool.Agent{Name: "Phishing triage", SyncKey: "phishing-triage"}).ID
	inMemory := agentcopy.WithHTTPClient(server.Client())

	client, err := cotool.New(apiKey, inMemory)
	if err != nil {
		fmt.Println(err)
		return
	}
	moved, err := client.CopyAgent(ctx, agentID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(moved.Agent.Name, "instead of", moved.ParkedAgentName)
	// Output: Phishing triage instead of Phishing triage
}

func Example_langSmith() {
	server := agentcopytest.NewLangSmith()
	defer server.Close()
	agentID := server.AddAgent(langsmith.Agent{Name: "Researcher"}).ID
	inMemory := agentcopy.WithHTTPClient(server.Client())
	workspaceID := "5a1c0f6e-0000-4000-8000-000000000000"

	client, err := langsmith.New(apiKey, langsmith.WithWorkspace(workspaceID), inMemory)
	if err != nil {
		fmt.Println(err)
		return
	}
	agent, err := client.CloneAgent(ctx, agentID, langsmith.CloneAgentRequest{Name: "Researcher, EU law"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.Name)
	// Output: Researcher, EU law
}

func Example_kolena() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID
	inMemory := agentcopy.WithHTTPClient(server.Client())

	client, err := kolena.New(apiKey, inMemory)
	if err != nil {
		fmt.Println(err)
		return
	}
	agent, err := client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Lease reader, Hamburg"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.Name)
	// Output: Lease reader, Hamburg
}

func ExampleError() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	server.Inject(agentcopytest.Fault{Status: 502, AfterCopy: true})
	agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID
	client, _ := kolena.New(apiKey, agentcopy.WithHTTPClient(server.Client()))
	request := kolena.CopyAgentRequest{Name: "Lease reader, Hamburg"}

	_, err := client.CopyAgent(ctx, agentID, request)
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
		fmt.Println(e.StatusCode, e.Outcome, len(e.Attempts), len(server.Copies()))
	}
	// Output:
	// look for the copy before you send the request again
	// 502 unknown 1 1
}

func ExampleWithRetry() {
	client, err := kolena.New(apiKey, agentcopy.WithRetry(agentcopy.RetryPolicy{
		Mode:        agentcopy.RetrySafe, // the default; see also RetryNever and RetryAlways
		MaxAttempts: 6,
		MaxWait:     10 * time.Minute, // the longest Retry-After to wait out
	}))
	_, _ = client, err
}

func ExampleWithLimiter() {
	slow := rate.NewLimiter(rate.Every(2*time.Second), 1)
	client, err := kolena.New(apiKey, agentcopy.WithLimiter(slow))
	_, _ = client, err
}

func ExampleNewWindowLimiter() {
	limiter := agentcopy.NewWindowLimiter(60, 61*time.Second)
	client, err := kolena.New(apiKey, agentcopy.WithLimiter(limiter))
	_, _ = client, err
}

func ExampleOption() {
	transport := http.DefaultTransport
	tracing := func(next http.RoundTripper) http.RoundTripper { return next }

	client, err := zudu.NewFromEnv( // ZUDU_API_KEY, ZUDU_API_SECRET, ZUDU_BASE_URL
		agentcopy.WithHTTPClient(&http.Client{Transport: transport}),
		agentcopy.WithMiddleware(tracing),
		agentcopy.WithAttemptTimeout(30*time.Second),
		agentcopy.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil))),
		agentcopy.WithUserAgent("migrator/1.4"),
	)
	_, _ = client, err
}

func Example_list() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	server.AddAgent(kolena.Agent{Name: "Lease reader"})
	server.AddAgent(kolena.Agent{Name: "Invoice reader"})
	client, _ := kolena.New(apiKey, agentcopy.WithHTTPClient(server.Client()))

	for agent, err := range client.ListAgents(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(agent.Name)
	}
	// Unordered output:
	// Lease reader
	// Invoice reader
}

func ExampleOnce() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true}) // the answer is lost
	agentID := fmt.Sprint(server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID)
	client, _ := kolena.New(apiKey, agentcopy.WithHTTPClient(server.Client()))

	once := &agentcopy.Once{Ledger: agentcopy.NewMemoryLedger()}
	copier := client.Copier(kolena.CopyAgentRequest{})
	request := agentcopy.CopyRequest{SourceID: agentID, Name: "Lease reader, Hamburg"}
	for range 2 { // the second call finds what the first one made
		made, err := once.Copy(ctx, "tenants/hamburg", copier, request)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(made.Name, "is there; copies on the server:", len(server.Copies()))
	}
	// Output:
	// Lease reader, Hamburg is there; copies on the server: 1
	// Lease reader, Hamburg is there; copies on the server: 1
}

func ExampleOnce_All() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	agentID := fmt.Sprint(server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID)
	client, _ := kolena.New(apiKey, agentcopy.WithHTTPClient(server.Client()))
	copier := client.Copier(kolena.CopyAgentRequest{})
	once := &agentcopy.Once{Ledger: agentcopy.NewMemoryLedger()}

	jobs := func(yield func(agentcopy.Job) bool) {
		for _, tenant := range []string{"Hamburg", "Bremen", "Kiel"} {
			request := agentcopy.CopyRequest{SourceID: agentID, Name: "Lease reader, " + tenant}
			if !yield(agentcopy.Job{Key: "tenants/" + tenant, Copier: copier, Request: request}) {
				return
			}
		}
	}
	for result := range once.All(ctx, jobs) {
		fmt.Println(result.Job.Key, result.Copy.Name, result.Err)
	}
	// Unordered output:
	// tenants/Hamburg Lease reader, Hamburg <nil>
	// tenants/Bremen Lease reader, Bremen <nil>
	// tenants/Kiel Lease reader, Kiel <nil>
}

// testTenantSetup is the test in README.md of a program that uses the SDK.
func testTenantSetup(t *testing.T) {
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

func TestOfTheReadme(t *testing.T) { testTenantSetup(t) }
