package agentcopy_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

// A gateway, another region, or, as here, a test server.
func ExampleWithBaseURL() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID

	client, err := kolena.New(apiKey, agentcopy.WithBaseURL(server.URL()))
	if err != nil {
		fmt.Println(err)
		return
	}
	agent, err := client.GetAgent(ctx, agentID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.Name)

	_, err = kolena.New(apiKey, agentcopy.WithBaseURL("https://user:password@gateway.example.com"))
	fmt.Println(errors.Is(err, agentcopy.ErrInvalid))
	// Output:
	// Lease reader
	// true
}

// A proxy, certificates and connections of your own are settings of the
// transport. The client is copied: what you change in it later has no effect.
func ExampleWithHTTPClient() {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxConnsPerHost = 4
	client, err := kolena.New(apiKey, agentcopy.WithHTTPClient(&http.Client{Transport: transport}))
	fmt.Println(client != nil, err)

	_, err = kolena.New(apiKey, agentcopy.WithHTTPClient(nil))
	fmt.Println(err)
	// Output:
	// true <nil>
	// kolena: New: WithHTTPClient: the client is nil: invalid request
}

// A middleware sees every attempt, retries included: here it counts them.
func ExampleWithMiddleware() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID
	server.Inject(agentcopytest.Fault{Status: 429, Header: http.Header{"Retry-After": {"0"}}}) // refused once

	statuses := []int{}
	count := func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(req)
			if err == nil {
				statuses = append(statuses, resp.StatusCode)
			}
			return resp, err
		})
	}
	client, err := kolena.New(apiKey, agentcopy.WithMiddleware(count), agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Hamburg"})
	fmt.Println(statuses, err)
	// Output: [429 200] <nil>
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// The time-out is one attempt's. After it, a copy may have been made: here it
// has been, and the answer was slow.
func ExampleWithAttemptTimeout() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID
	server.Inject(agentcopytest.Fault{AfterCopy: true, Delay: time.Hour})

	client, err := kolena.New(apiKey, agentcopy.WithAttemptTimeout(500*time.Millisecond), agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Hamburg"})
	fmt.Println("unknown:", errors.Is(err, agentcopy.ErrOutcomeUnknown))
	fmt.Println("copies on the server:", len(server.Copies()))
	// Output:
	// unknown: true
	// copies on the server: 1
}

// A copy whose answer is too large has been made all the same.
func ExampleWithMaxResponseBytes() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	agentID := server.AddAgent(kolena.Agent{Name: "Lease reader", Objective: strings.Repeat("Read leases. ", 1000)}).ID

	client, err := kolena.New(apiKey, agentcopy.WithMaxResponseBytes(4096), agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Hamburg"})
	fmt.Println("too large:", errors.Is(err, agentcopy.ErrTooLarge))
	fmt.Println("copied:", errors.Is(err, agentcopy.ErrCopied))
	// Output:
	// too large: true
	// copied: true
}

// Lines for each attempt, and for what needs attention. Time and duration are
// left out here, since they differ each time.
func ExampleWithLogger() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID
	server.Inject(agentcopytest.Fault{Status: 502, AfterCopy: true})

	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "duration" {
				return slog.Attr{}
			}
			return a
		},
	}))
	client, err := kolena.New(apiKey, agentcopy.WithLogger(logger), agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Hamburg"}); err == nil {
		fmt.Println("the answer was to be lost")
	}
	// Output:
	// level=DEBUG msg=attempt provider=kolena operation=CopyAgent attempt=1 status=502 outcome=unknown
	// level=WARN msg="a copy may have been made although the call failed" provider=kolena operation=CopyAgent attempt=1 status=502 outcome=unknown attempts=1
}

func ExampleWithUserAgent() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID

	client, err := kolena.New(apiKey, agentcopy.WithUserAgent("migrator/1.4"), agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := client.GetAgent(ctx, agentID); err != nil {
		fmt.Println(err)
		return
	}
	product, sdk, _ := strings.Cut(server.Requests()[0].Header.Get("User-Agent"), " ")
	fmt.Println(product, strings.HasPrefix(sdk, "agentcopy-go/"))
	// Output: migrator/1.4 true
}

// A header that a gateway wants. Those that authenticate or frame the message
// are refused, and so is Idempotency-Key, which no vendor honours.
func ExampleWithHeader() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID

	client, err := kolena.New(apiKey, agentcopy.WithHeader("X-Team", "migrations"), agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := client.GetAgent(ctx, agentID); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(server.Requests()[0].Header.Get("X-Team"))

	_, err = kolena.New(apiKey, agentcopy.WithHeader("Idempotency-Key", "tenants/hamburg"))
	fmt.Println("refused:", errors.Is(err, agentcopy.ErrInvalid))
	// Output:
	// migrations
	// refused: true
}

// Within a service mesh, whose sidecar encrypts what leaves the machine.
func ExampleWithInsecureHTTP() {
	_, err := kolena.New(apiKey, agentcopy.WithBaseURL("http://kolena.mesh.internal"))
	fmt.Println("refused:", errors.Is(err, agentcopy.ErrInvalid))

	client, err := kolena.New(apiKey, agentcopy.WithBaseURL("http://kolena.mesh.internal"), agentcopy.WithInsecureHTTP())
	fmt.Println(client != nil, err)
	// Output:
	// refused: true
	// true <nil>
}

// An option of your own bundles what all clients of a program share. What it
// sets is checked by the constructor as always.
func ExampleConfig() {
	ours := func(c *agentcopy.Config) error {
		c.UserAgent = "migrator/1.4"
		c.AttemptTimeout = 30 * time.Second
		c.Retry.MaxAttempts = 6
		return nil
	}
	client, err := kolena.New(apiKey, ours)
	fmt.Println(client != nil, err)

	_, err = kolena.New(apiKey, ours, func(c *agentcopy.Config) error {
		c.AttemptTimeout = -1
		return nil
	})
	fmt.Println(err)
	// Output:
	// true <nil>
	// kolena: New: WithAttemptTimeout: the timeout must be positive, not -1ns: invalid request
}
