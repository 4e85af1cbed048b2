package agentcopy_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// One line that says what failed, why, and whether a copy was made.
func ExampleError_Error() {
	server := agentcopytest.NewZudu()
	defer server.Close()
	client, err := zudu.New(apiKey, apiSecret, inMemory(server)...)
	if err != nil {
		fmt.Println(err)
		return
	}

	_, err = client.DuplicateAgent(ctx, "agent_17", zudu.DuplicateAgentRequest{AgentName: "Support, Berlin"})
	fmt.Println(err)
	// Output: zudu: DuplicateAgent: 404 Not Found: Agent not found: Agent with ID 'agent_17' does not exist in organization 'org_0000000001' (not copied, 1 attempt)
}

// What the vendor said, told apart by its status.
func ExampleError_Is() {
	kinds := []error{
		agentcopy.ErrInvalid, agentcopy.ErrUnauthorized, agentcopy.ErrForbidden, agentcopy.ErrNotFound,
		agentcopy.ErrConflict, agentcopy.ErrRateLimited, agentcopy.ErrServer,
	}
	for _, status := range []int{400, 401, 403, 404, 409, 422, 429, 500} {
		server := agentcopytest.NewKolena()
		defer server.Close()
		agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID
		server.Inject(agentcopytest.Fault{Status: status})
		client, err := kolena.New(apiKey, agentcopy.WithHTTPClient(server.Client()),
			agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryNever}))
		if err != nil {
			fmt.Println(err)
			return
		}
		_, err = client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Hamburg"})
		for _, kind := range kinds {
			if errors.Is(err, kind) {
				fmt.Printf("%d: %v\n", status, kind)
			}
		}
	}
	// Output:
	// 400: invalid request
	// 401: unauthorized
	// 403: forbidden
	// 404: not found
	// 409: conflict
	// 422: invalid request
	// 429: rate limited
	// 500: server error
}

// The three outcomes. The last request is refused, and no copy was made; of the
// others it is the outcome that counts, not the kind of failure.
func ExampleError_outcomes() {
	for _, fault := range []agentcopytest.Fault{
		{Drop: true, AfterCopy: true},   // made, and no answer
		{Drop: true},                    // not made, and no answer: it looks the same
		{AfterCopy: true, Truncate: 20}, // made, and the answer cut off
		{Status: 403, Body: "{}"},       // refused
	} {
		server := agentcopytest.NewKolena()
		defer server.Close()
		agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID
		server.Inject(fault)
		client, err := kolena.New(apiKey, inMemory(server)...)
		if err != nil {
			fmt.Println(err)
			return
		}

		_, err = client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Hamburg"})
		switch {
		case errors.Is(err, agentcopy.ErrOutcomeUnknown):
			fmt.Println("unknown: look before sending again; copies made:", len(server.Copies()))
		case errors.Is(err, agentcopy.ErrCopied):
			fmt.Println("copied: never send it again; copies made:", len(server.Copies()))
		default:
			fmt.Println("not copied: it may be sent again; copies made:", len(server.Copies()))
		}
	}
	// Output:
	// unknown: look before sending again; copies made: 1
	// unknown: look before sending again; copies made: 0
	// copied: never send it again; copies made: 1
	// not copied: it may be sent again; copies made: 0
}

// A fault that is found before anything is sent names the field.
func ExampleError_fields() {
	client, err := zudu.New(apiKey, apiSecret)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.DuplicateAgent(ctx, "agent_17", zudu.DuplicateAgentRequest{AgentName: "   "})
	if e, ok := errors.AsType[*agentcopy.Error](err); ok && errors.Is(err, agentcopy.ErrInvalid) {
		for _, fault := range e.Fields {
			fmt.Println(fault.Field, fault.Reason)
		}
		fmt.Println("requests sent:", len(e.Attempts))
	}
	// Output:
	// AgentName is empty or blank
	// requests sent: 0
}

// The cause is there as well: a context that ended, an error of the network.
func ExampleError_Unwrap() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID
	server.Inject(agentcopytest.Fault{Drop: true})
	client, err := kolena.New(apiKey, inMemory(server)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Hamburg"})
	fmt.Println("the connection ended:", errors.Is(err, io.EOF))

	stopped, stop := context.WithCancel(ctx)
	stop()
	_, err = client.CopyAgent(stopped, agentID, kolena.CopyAgentRequest{Name: "Hamburg"})
	fmt.Println("cancelled before it was sent:", errors.Is(err, context.Canceled), !errors.Is(err, agentcopy.ErrOutcomeUnknown))
	// Output:
	// the connection ended: true
	// cancelled before it was sent: true true
}

// In a log and as JSON, an Error shows what is safe to show: no header and no
// body, which may hold what should not be there.
func ExampleError_LogValue() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID
	server.Inject(agentcopytest.Fault{Status: 403, Body: `{"detail": "Admins only"}`})
	client, err := kolena.New(apiKey, inMemory(server)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Hamburg"})

	withoutTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime})).Error("no copy for Hamburg", "error", err)
	if e, ok := errors.AsType[*agentcopy.Error](err); ok {
		document, _ := json.Marshal(e)
		fmt.Println(string(document))
		fmt.Println(string(e.Body))
	}
	// Output:
	// level=ERROR msg="no copy for Hamburg" error.provider=kolena error.operation=CopyAgent error.outcome="not copied" error.status=403 error.attempts=1 error.request_id="" error.message="Admins only"
	// {"provider":"kolena","operation":"CopyAgent","outcome":"not copied","status":403,"message":"Admins only","attempts":1}
	// {"detail": "Admins only"}
}
