package agentcopytest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
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
)

// A copy of an agent, without a network and without a socket.
func Example() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	source := server.AddAgent(kolena.Agent{Name: "Lease reader"})

	client, err := kolena.New("any key", agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		log.Fatal(err)
	}
	agent, err := client.CopyAgent(context.Background(), source.ID, kolena.CopyAgentRequest{Name: "Lease reader 2"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("agent %d is %q, a copy of %s\n", agent.ID, agent.Name, server.Copies()[0].SourceID)
	// Output: agent 2 is "Lease reader 2", a copy of 1
}

// newFake returns a fake of Kolena with an agent, and a client of it.
func newFake(opts ...agentcopytest.ServerOption) (server *agentcopytest.Kolena, client *kolena.Client, agentID int64) {
	server = agentcopytest.NewKolena(opts...)
	client, err := kolena.New("any key", agentcopy.WithHTTPClient(server.Client()),
		agentcopy.WithAttemptTimeout(3*time.Second), agentcopy.WithRetry(agentcopy.RetryPolicy{MaxWait: time.Second}))
	if err != nil {
		log.Fatal(err)
	}
	return server, client, server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID
}

// The ways in which an answer to a copy goes wrong.
func ExampleFault() {
	for _, fault := range []agentcopytest.Fault{
		{Status: 429, Header: http.Header{"Retry-After": {"0"}}}, // refused once, then retried
		{Drop: true},                                   // no answer, no copy
		{Drop: true, AfterCopy: true},                  // no answer, but a copy
		{Status: 502, AfterCopy: true, Body: "<html>"}, // a gateway's page instead of the answer
		{Truncate: 20},                                 // made, the answer cut off
		{Body: `{"name": "Hamburg"}`, AfterCopy: true}, // made, the answer lacks the ID
		{Delay: time.Hour, AfterCopy: true},            // made, the answer comes after the client gave up
	} {
		server, client, agentID := newFake()
		server.Inject(fault)
		_, err := client.CopyAgent(context.Background(), agentID, kolena.CopyAgentRequest{Name: "Hamburg"})
		outcome := "success"
		if e, ok := errors.AsType[*agentcopy.Error](err); ok {
			outcome = e.Outcome.String()
		}
		fmt.Printf("%s: %d copies\n", outcome, len(server.Copies()))
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

// Requests shows what was sent, Copies what was made, whether or not the answer
// arrived. Printing a Request shows no credential; its Header has them.
func ExampleServer_Copies() {
	server, client, agentID := newFake()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
	_, err := client.CopyAgent(context.Background(), agentID, kolena.CopyAgentRequest{Name: "Hamburg"})
	fmt.Println(err != nil)
	for _, r := range server.Requests() {
		fmt.Println(r)
		fmt.Println(string(r.Body), r.Header.Get("Authorization"))
	}
	for _, c := range server.Copies() {
		fmt.Println(c.Name, "of", c.SourceID)
	}
	// Output:
	// true
	// POST /api/v1/client/agents/1/copy: no answer, 18 bytes sent
	// {"name":"Hamburg"} Bearer any key
	// Hamburg of 1
}

// A server with a limit of its own.
func ExampleWithRateLimit() {
	_, client, agentID := newFake(agentcopytest.WithRateLimit(2, time.Minute))
	for _, name := range []string{"Hamburg", "Bremen", "Kiel"} {
		_, err := client.CopyAgent(context.Background(), agentID, kolena.CopyAgentRequest{Name: name})
		fmt.Println(name, errors.Is(err, agentcopy.ErrRateLimited))
	}
	// Output:
	// Hamburg false
	// Bremen false
	// Kiel true
}

// What does your code make of a server that trims names and shows copies late?
func ExampleWithQuirks() {
	_, client, agentID := newFake(agentcopytest.WithQuirks(agentcopytest.Quirks{
		Rename:    strings.TrimSpace,
		ShowAfter: time.Minute,
	}))
	agent, err := client.CopyAgent(context.Background(), agentID, kolena.CopyAgentRequest{Name: " Lease reader 2 "})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("asked for %q, got %q\n", " Lease reader 2 ", agent.Name)
	// Output: asked for " Lease reader 2 ", got "Lease reader 2"
}

// A colleague renames an agent, and deletes it.
func ExampleServer_DeleteAgent() {
	server, client, agentID := newFake()
	server.UpdateAgent(agentID, func(a *kolena.Agent) { a.Name = "Lease reader, old" })
	agent, err := client.GetAgent(context.Background(), agentID)
	fmt.Println(agent.Name, err)

	server.DeleteAgent(strconv.FormatInt(agentID, 10))
	_, err = client.GetAgent(context.Background(), agentID)
	fmt.Println(errors.Is(err, agentcopy.ErrNotFound))
	// Output:
	// Lease reader, old <nil>
	// true
}

// As at the vendor, a copy is a move: there is no second one.
func ExampleNewCotool() {
	server := agentcopytest.NewCotool()
	source := server.AddAgent(cotool.Agent{Name: "Phishing triage"})
	client, err := cotool.New("any key", agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		_, err = client.CopyAgent(context.Background(), source.ID)
		fmt.Println(err == nil, len(server.Copies()))
	}
	// Output:
	// true 1
	// false 1
}

// Over a socket, for a program whose http.Client you cannot set.
func ExampleServer_URL() {
	server := agentcopytest.NewKolena(agentcopytest.WithCredential("right key"))
	defer server.Close()
	client, err := kolena.New("wrong key", agentcopy.WithBaseURL(server.URL()))
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.GetAgent(context.Background(), 1)
	fmt.Println(errors.Is(err, agentcopy.ErrUnauthorized))
	// Output: true
}

// In a testing/synctest bubble a minute takes no time.
func ExampleServer_Client() {
	_ = func(t *testing.T) { // in your test: func TestSlowVendor(t *testing.T)
		synctest.Test(t, func(t *testing.T) {
			server, client, agentID := newFake()
			server.Inject(agentcopytest.Fault{Delay: time.Minute})
			_, err := client.CopyAgent(t.Context(), agentID, kolena.CopyAgentRequest{Name: "Lease reader 2"})
			if !errors.Is(err, agentcopy.ErrOutcomeUnknown) {
				t.Errorf("got %v", err)
			}
			time.Sleep(time.Minute)
			if len(server.Copies()) != 1 {
				t.Error("the vendor makes the copy although the client gave up")
			}
		})
	}
}
