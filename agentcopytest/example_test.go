package agentcopytest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
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
