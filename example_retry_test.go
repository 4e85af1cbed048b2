package agentcopy_test

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

// The three modes, of a copy that was made and whose answer was lost, and of one
// that was refused by a server which was busy for a moment.
func ExampleRetryPolicy() {
	lost := agentcopytest.Fault{Drop: true, AfterCopy: true}
	busy := agentcopytest.Fault{Status: 429, Header: http.Header{"Retry-After": {"0"}}}
	for _, mode := range []agentcopy.RetryMode{agentcopy.RetrySafe, agentcopy.RetryNever, agentcopy.RetryAlways} {
		for _, fault := range []agentcopytest.Fault{lost, busy} {
			server := agentcopytest.NewKolena()
			defer server.Close()
			agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID
			server.Inject(fault)

			client, err := kolena.New(apiKey, agentcopy.WithHTTPClient(server.Client()),
				agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: mode, MinBackoff: time.Nanosecond}))
			if err != nil {
				fmt.Println(err)
				return
			}
			_, err = client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Hamburg"})
			what := "refused"
			if fault.Drop {
				what = "lost"
			}
			fmt.Printf("%s, %s: success %t, %d request(s), %d copies\n", mode, what, err == nil, len(server.Requests()), len(server.Copies()))
		}
	}
	// Output:
	// safe, lost: success false, 1 request(s), 1 copies
	// safe, refused: success true, 2 request(s), 1 copies
	// never, lost: success false, 1 request(s), 1 copies
	// never, refused: success false, 1 request(s), 0 copies
	// always, lost: success true, 2 request(s), 2 copies
	// always, refused: success true, 2 request(s), 1 copies
}

// A vendor that asks for an hour is not waited for: the call ends at once, and
// says when to come back.
func ExampleRetryPolicy_maxWait() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID
	server.Inject(agentcopytest.Fault{Status: 429, Header: http.Header{"Retry-After": {"3600"}}})

	client, err := kolena.New(apiKey, agentcopy.WithHTTPClient(server.Client()),
		agentcopy.WithRetry(agentcopy.RetryPolicy{MaxWait: 5 * time.Minute}))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Hamburg"})
	if e, ok := errors.AsType[*agentcopy.Error](err); ok && errors.Is(err, agentcopy.ErrRateLimited) {
		fmt.Println(e.Outcome, e.RetryAfter)
	}
	// Output: not copied 1h0m0s
}
