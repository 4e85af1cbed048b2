package agentcopytest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// A copy of an agent, without a network and without a socket.
func Example() {
	srv := agentcopytest.NewKolena()
	defer srv.Close()
	source := srv.AddAgent(kolena.Agent{Name: "Lease reader"})

	client, err := kolena.New("any key", agentcopy.WithHTTPClient(srv.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	agent, err := client.CopyAgent(context.Background(), source.ID, kolena.CopyAgentRequest{Name: "Lease reader 2"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("agent %d is %q, a copy of %s\n", agent.ID, agent.Name, srv.Copies()[0].SourceID)
	// Output: agent 2 is "Lease reader 2", a copy of 1
}

// The dangerous case: the copy is made, and its answer is lost.
func ExampleServer_Inject() {
	srv := agentcopytest.NewZudu()
	defer srv.Close()
	source := srv.AddAgent(zudu.Agent{AgentName: "Support"})
	srv.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})

	client, err := zudu.New("any key", "any secret", agentcopy.WithHTTPClient(srv.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.DuplicateAgent(context.Background(), source.AgentID, zudu.DuplicateAgentRequest{AgentName: "Support 2"})
	fmt.Println("outcome unknown:", errors.Is(err, agentcopy.ErrOutcomeUnknown))
	fmt.Println("copies made:", len(srv.Copies()))
	fmt.Println("requests sent:", len(srv.Requests()))
	// Output:
	// outcome unknown: true
	// copies made: 1
	// requests sent: 1
}

// The ways in which an answer to a copy goes wrong. Copies says what was made.
func ExampleFault() {
	for _, fault := range []agentcopytest.Fault{
		{Status: 429, Header: http.Header{"Retry-After": {"0"}}}, // refused once, then retried
		{Drop: true},                                   // no answer, no copy
		{Drop: true, AfterCopy: true},                  // no answer, but a copy
		{Status: 502, AfterCopy: true, Body: "<html>"}, // a gateway's page instead of the answer
		{Truncate: 20},                                 // made, the answer cut off
		{Body: `{"name": "Hamburg"}`, AfterCopy: true}, // made, the answer lacks the ID
		{Delay: time.Hour, AfterCopy: true},            // made, the answer comes when nobody waits any more
	} {
		srv := agentcopytest.NewKolena()
		defer srv.Close()
		source := srv.AddAgent(kolena.Agent{Name: "Lease reader"})
		srv.Inject(fault)
		client, err := kolena.New("any key", agentcopy.WithHTTPClient(srv.Client()), agentcopy.WithAttemptTimeout(500*time.Millisecond))
		if err != nil {
			fmt.Println(err)
			return
		}
		_, err = client.CopyAgent(context.Background(), source.ID, kolena.CopyAgentRequest{Name: "Hamburg"})
		outcome := "success"
		if e, ok := errors.AsType[*agentcopy.Error](err); ok {
			outcome = e.Outcome.String()
		}
		fmt.Printf("%s: %d copies\n", outcome, len(srv.Copies()))
	}
	// Output:
	// success: 1 copies
	// unknown: 0 copies
	// unknown: 1 copies
	// unknown: 1 copies
	// copied: 1 copies
	// copied: 1 copies
	// unknown: 1 copies
}

// Copies tells what was really made, whether or not its answer arrived.
func ExampleServer_Copies() {
	srv := agentcopytest.NewZudu()
	defer srv.Close()
	source := srv.AddAgent(zudu.Agent{AgentID: "agent_support", AgentName: "Support"})
	client, err := zudu.New("any key", "any secret", agentcopy.WithHTTPClient(srv.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range []string{"Support, Berlin", "Support, Wien"} {
		if _, err := client.DuplicateAgent(context.Background(), source.AgentID, zudu.DuplicateAgentRequest{AgentName: name}); err != nil {
			fmt.Println(err)
			return
		}
	}
	for _, c := range srv.Copies() {
		fmt.Println(c.Name, "of", c.SourceID)
	}
	// Output:
	// Support, Berlin of agent_support
	// Support, Wien of agent_support
}

// Requests tells what was really sent. Printing one shows no credential; its
// Header has them, for a test to look at.
func ExampleServer_Requests() {
	srv := agentcopytest.NewKolena()
	defer srv.Close()
	source := srv.AddAgent(kolena.Agent{Name: "Lease reader"})
	client, err := kolena.New("any key", agentcopy.WithHTTPClient(srv.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := client.CopyAgent(context.Background(), source.ID, kolena.CopyAgentRequest{Name: "Hamburg"}); err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range srv.Requests() {
		fmt.Println(r)
		fmt.Println(string(r.Body), r.Header.Get("Authorization"))
	}
	// Output:
	// POST /api/v1/client/agents/1/copy: 200, 18 bytes sent
	// {"name":"Hamburg"} Bearer any key
}

// After Close, the server refuses connections, as one that is down.
func ExampleServer_Close() {
	srv := agentcopytest.NewKolena()
	source := srv.AddAgent(kolena.Agent{Name: "Lease reader"})
	client, err := kolena.New("any key", agentcopy.WithHTTPClient(srv.Client()),
		agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryNever}))
	if err != nil {
		fmt.Println(err)
		return
	}
	srv.Close()

	_, err = client.CopyAgent(context.Background(), source.ID, kolena.CopyAgentRequest{Name: "Hamburg"})
	if e, ok := errors.AsType[*agentcopy.Error](err); ok {
		fmt.Println(e.Outcome, "sent:", e.Attempts[0].Sent)
	}
	// Output: not copied sent: false
}

// What the vendor says to a wrong key.
func ExampleWithCredential() {
	srv := agentcopytest.NewKolena(agentcopytest.WithCredential("right key"))
	defer srv.Close()
	source := srv.AddAgent(kolena.Agent{Name: "Lease reader"})
	for _, key := range []string{"right key", "wrong key"} {
		client, err := kolena.New(key, agentcopy.WithHTTPClient(srv.Client()))
		if err != nil {
			fmt.Println(err)
			return
		}
		_, err = client.GetAgent(context.Background(), source.ID)
		fmt.Println(key, errors.Is(err, agentcopy.ErrUnauthorized))
	}
	// Output:
	// right key false
	// wrong key true
}

// A server with a limit of its own. This client does not keep to it, and does not
// wait for a minute until it may go on.
func ExampleWithRateLimit() {
	srv := agentcopytest.NewKolena(agentcopytest.WithRateLimit(2, time.Minute))
	defer srv.Close()
	source := srv.AddAgent(kolena.Agent{Name: "Lease reader"})
	client, err := kolena.New("any key", agentcopy.WithHTTPClient(srv.Client()), agentcopy.WithLimiter(agentcopy.Unlimited),
		agentcopy.WithRetry(agentcopy.RetryPolicy{MaxWait: time.Second}))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range []string{"Hamburg", "Bremen", "Kiel"} {
		_, err := client.CopyAgent(context.Background(), source.ID, kolena.CopyAgentRequest{Name: name})
		fmt.Println(name, errors.Is(err, agentcopy.ErrRateLimited))
	}
	// Output:
	// Hamburg false
	// Bremen false
	// Kiel true
}

// Kolena's documentation shows time stamps with a zone and without: a program
// that reads them should take both.
// A server that trims names and shows copies late: what does the code under test
// make of it?
func ExampleWithQuirks() {
	srv := agentcopytest.NewKolena(agentcopytest.WithQuirks(agentcopytest.Quirks{
		Rename:    strings.TrimSpace,
		ShowAfter: time.Minute,
	}))
	defer srv.Close()
	source := srv.AddAgent(kolena.Agent{Name: "Lease reader"})

	client, err := kolena.New("any key", agentcopy.WithHTTPClient(srv.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	agent, err := client.CopyAgent(context.Background(), source.ID, kolena.CopyAgentRequest{Name: " Lease reader 2 "})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("asked for %q, got %q\n", " Lease reader 2 ", agent.Name)
	// Output: asked for " Lease reader 2 ", got "Lease reader 2"
}

// A colleague renames an agent, and deletes it.
func ExampleServer_DeleteAgent() {
	srv := agentcopytest.NewKolena()
	defer srv.Close()
	source := srv.AddAgent(kolena.Agent{Name: "Lease reader"})
	client, err := kolena.New("any key", agentcopy.WithHTTPClient(srv.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}

	srv.UpdateAgent(source.ID, func(a *kolena.Agent) { a.Name = "Lease reader, old" })
	agent, err := client.GetAgent(context.Background(), source.ID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.Name)

	srv.DeleteAgent(strconv.FormatInt(source.ID, 10))
	_, err = client.GetAgent(context.Background(), source.ID)
	fmt.Println(errors.Is(err, agentcopy.ErrNotFound))
	// Output:
	// Lease reader, old
	// true
}

func ExampleWithKolenaZonelessTimes() {
	srv := agentcopytest.NewKolena(agentcopytest.WithKolenaZonelessTimes())
	defer srv.Close()
	created := agentcopy.Time{Time: time.Date(2025, 10, 8, 20, 14, 29, 0, time.UTC)}
	source := srv.AddAgent(kolena.Agent{Name: "Lease reader", Created: created})
	client, err := kolena.New("any key", agentcopy.WithHTTPClient(srv.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	agent, err := client.GetAgent(context.Background(), source.ID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.Contains(string(agent.Response.Body), `"created":"2025-10-08T20:14:29.000000"`), agent.Created.Equal(created.Time))
	// Output: true true
}

// The older of Zudu's two generations of pages shows a duplicate in five fields.
func ExampleWithZuduFirstGeneration() {
	srv := agentcopytest.NewZudu(agentcopytest.WithZuduFirstGeneration())
	defer srv.Close()
	source := srv.AddAgent(zudu.Agent{AgentName: "Support", Timezone: "Europe/Berlin"})
	client, err := zudu.New("any key", "any secret", agentcopy.WithHTTPClient(srv.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	agent, err := client.DuplicateAgent(context.Background(), source.AgentID, zudu.DuplicateAgentRequest{AgentName: "Support, Berlin"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s %q\n", agent.AgentName, agent.Timezone)
	// Output: Support, Berlin ""
}

func ExampleNewZudu() {
	srv := agentcopytest.NewZudu()
	defer srv.Close()
	source := srv.AddAgent(zudu.Agent{AgentName: "Support"})
	client, err := zudu.New("any key", "any secret", agentcopy.WithHTTPClient(srv.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	// Names are unique, as at the vendor.
	_, err = client.DuplicateAgent(context.Background(), source.AgentID, zudu.DuplicateAgentRequest{AgentName: "Support"})
	fmt.Println(errors.Is(err, agentcopy.ErrInvalid), len(srv.Copies()))
	// Output: true 0
}

func ExampleNewCotool() {
	srv := agentcopytest.NewCotool()
	defer srv.Close()
	source := srv.AddAgent(cotool.Agent{Name: "Phishing triage"})
	client, err := cotool.New("any key", agentcopy.WithHTTPClient(srv.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	// A copy is a move, as at the vendor: there is no second one.
	for range 2 {
		_, err = client.CopyAgent(context.Background(), source.ID)
		fmt.Println(err == nil, len(srv.Copies()))
	}
	// Output:
	// true 1
	// false 1
}

func ExampleNewLangSmith() {
	srv := agentcopytest.NewLangSmith()
	defer srv.Close()
	source := srv.AddAgent(langsmith.Agent{Name: "Researcher"})
	client, err := langsmith.New("any key", agentcopy.WithHTTPClient(srv.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	agent, err := client.CloneAgent(context.Background(), source.ID, langsmith.CloneAgentRequest{Name: "Researcher, EU law"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.Name, agent.IsOwner)
	// Output: Researcher, EU law true
}

func ExampleNewKolena() {
	srv := agentcopytest.NewKolena()
	defer srv.Close()
	source := srv.AddAgent(kolena.Agent{Name: "Lease reader", NRuns: 12})
	client, err := kolena.New("any key", agentcopy.WithHTTPClient(srv.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	agent, err := client.CopyAgent(context.Background(), source.ID, kolena.CopyAgentRequest{Name: "Lease reader, Hamburg"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.Name, agent.NRuns)
	// Output: Lease reader, Hamburg 0
}

// AddAgent fills in what a test does not care about, and returns what is stored.
func ExampleZudu_AddAgent() {
	srv := agentcopytest.NewZudu()
	defer srv.Close()
	agent := srv.AddAgent(zudu.Agent{AgentName: "Support"})
	fmt.Println(agent.AgentID, agent.AgentName, agent.OrganizationID)
	// Output: agent_00000000-0000-4000-8000-000000000001 Support org_0000000001
}

// An agent that does not say where it comes from is a managed one, which can be
// copied.
func ExampleCotool_AddAgent() {
	srv := agentcopytest.NewCotool()
	defer srv.Close()
	managed := srv.AddAgent(cotool.Agent{Name: "Phishing triage"})
	manual := srv.AddAgent(cotool.Agent{Name: "By hand", Origin: cotool.OriginUser})
	fmt.Println(managed.SyncKey != "", manual.SyncKey != "")
	// Output: true false
}

// An agent of another owner is not in the list of the caller's.
func ExampleLangSmith_AddAgent() {
	srv := agentcopytest.NewLangSmith()
	defer srv.Close()
	ours := srv.AddAgent(langsmith.Agent{Name: "Researcher"})
	theirs := srv.AddAgent(langsmith.Agent{Name: "Shared", OwnerID: "7d9f4b1e-0000-4000-8000-000000000000"})
	fmt.Println(ours.IsOwner, theirs.IsOwner)
	// Output: true false
}

func ExampleKolena_AddAgent() {
	srv := agentcopytest.NewKolena()
	defer srv.Close()
	agent := srv.AddAgent(kolena.Agent{Name: "Lease reader", WorkspaceID: 7})
	fmt.Println(agent.ID, agent.WorkspaceID, agent.CreatedBy)
	// Output: 1 7 user@example.com
}

// Over a socket, where the client is not to be touched.
func ExampleServer_URL() {
	srv := agentcopytest.NewZudu(agentcopytest.WithCredential("key", "secret"))
	defer srv.Close()
	source := srv.AddAgent(zudu.Agent{AgentName: "Support"})

	client, err := zudu.New("key", "wrong secret", agentcopy.WithBaseURL(srv.URL()))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.DuplicateAgent(context.Background(), source.AgentID, zudu.DuplicateAgentRequest{AgentName: "Support 2"})
	fmt.Println(errors.Is(err, agentcopy.ErrUnauthorized))
	// Output: true
}

// In a testing/synctest bubble a minute takes no time.
func ExampleServer_Client() {
	_ = func(t *testing.T) { // in your test: func TestSlowVendor(t *testing.T)
		synctest.Test(t, func(t *testing.T) {
			srv := agentcopytest.NewKolena()
			source := srv.AddAgent(kolena.Agent{Name: "Lease reader"})
			srv.Inject(agentcopytest.Fault{Delay: time.Minute})

			client, err := kolena.New("any key", agentcopy.WithHTTPClient(srv.Client()), agentcopy.WithAttemptTimeout(10*time.Second))
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.CopyAgent(t.Context(), source.ID, kolena.CopyAgentRequest{Name: "Lease reader 2"})
			if !errors.Is(err, agentcopy.ErrOutcomeUnknown) {
				t.Errorf("got %v", err)
			}
			time.Sleep(time.Minute)
			if len(srv.Copies()) != 1 {
				t.Error("the vendor makes the copy although nobody waits for it")
			}
		})
	}
}
