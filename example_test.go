package agentcopy_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/once"
)

// The code of README.md stands here as well, and a test compares the two.

var (
	ctx    = context.Background()
	apiKey = "not-a-real-key"
)

// leaseReader returns a fake of Kolena with an agent, and a client that sends its
// requests there instead of to Kolena.
func leaseReader(opts ...agentcopy.Option) (server *agentcopytest.Kolena, client *kolena.Client, agentID int64) {
	server = agentcopytest.NewKolena()
	client, err := kolena.New(apiKey, append(opts, agentcopy.WithHTTPClient(server.Client()))...)
	if err != nil {
		log.Fatal(err)
	}
	return server, client, server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID
}

func Example() {
	_, client, agentID := leaseReader() // kolena.New(apiKey)

	agent, err := client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Lease reader, Hamburg"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(agent.ID, agent.Name)
	// Output: 2 Lease reader, Hamburg
}

func Example_list() {
	server, client, _ := leaseReader()
	server.AddAgent(kolena.Agent{Name: "Invoice reader"})

	for agent, err := range client.ListAgents(ctx, kolena.ListAgentsRequest{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(agent.ID, agent.Name)
	}
	// Unordered output:
	// 1 Lease reader
	// 2 Invoice reader
}

// Every error tells you whether a copy was made.
func ExampleError() {
	server, client, agentID := leaseReader()
	server.Inject(agentcopytest.Fault{Status: 502, AfterCopy: true})

	_, err := client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Lease reader, Hamburg"})
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

// A mistake that is found before anything is sent names the field.
func ExampleError_fields() {
	_, client, agentID := leaseReader()
	_, err := client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "   "})
	if e, ok := errors.AsType[*agentcopy.Error](err); ok && errors.Is(err, agentcopy.ErrInvalid) {
		for _, fault := range e.Fields {
			fmt.Println(fault.Field, fault.Reason)
		}
		fmt.Println("requests sent:", len(e.Attempts))
	}
	// Output:
	// Name is empty or blank
	// requests sent: 0
}

// The cause is there too: here, a context that was cancelled.
func ExampleError_Unwrap() {
	_, client, agentID := leaseReader()
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err := client.CopyAgent(cancelled, agentID, kolena.CopyAgentRequest{Name: "Hamburg"})
	fmt.Println(errors.Is(err, context.Canceled), errors.Is(err, agentcopy.ErrOutcomeUnknown))
	// Output: true false
}

// In a log and as JSON, an Error leaves out headers and body, which may hold
// secrets.
func ExampleError_LogValue() {
	server, client, agentID := leaseReader()
	server.Inject(agentcopytest.Fault{Status: 403, Body: `{"detail": "Admins only"}`})
	_, err := client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Hamburg"})

	slog.New(withoutTime()).Error("no copy for Hamburg", "error", err)
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

// withoutTime leaves out what differs from run to run.
func withoutTime() slog.Handler {
	return slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "duration" {
				return slog.Attr{}
			}
			return a
		},
	})
}

// A response has the vendor's document as received, with fields that this SDK does
// not know yet.
func ExampleResponse() {
	server, client, agentID := leaseReader()
	server.Inject(agentcopytest.Fault{Body: `{"id": 7, "name": "Hamburg", "n_runs": "none", "color": "green"}`})
	agent, err := client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Hamburg"})
	if err != nil {
		log.Fatal(err)
	}

	var newer struct{ Color string }
	if err := json.Unmarshal(agent.Response.Body, &newer); err != nil {
		log.Fatal(err)
	}
	fmt.Println(agent.ID, newer.Color, agent.Response.StatusCode, len(agent.Response.Attempts))
	fmt.Println("warning:", agent.Response.Warning) // n_runs should be a number
	// Output:
	// 7 green 200 1
	// warning: field "n_runs" is a string where int is documented; it was left out
}

func ExampleWithRetry() {
	client, err := kolena.New(apiKey, agentcopy.WithRetry(agentcopy.RetryPolicy{
		Mode:        agentcopy.RetrySafe, // the default; see also RetryNever and RetryAlways
		MaxAttempts: 6,                   // including the first; the default is 4
		MaxWait:     10 * time.Minute,    // the longest Retry-After to wait for; the default is 2 minutes
	}))
	if err != nil {
		log.Fatal(err)
	}
	_ = client

	_, err = kolena.New(apiKey, agentcopy.WithRetry(agentcopy.RetryPolicy{MaxAttempts: -1}))
	fmt.Println(err)
	// Output: kolena: New: WithRetry: MaxAttempts is negative: -1: invalid request
}

// The three modes, for a copy whose answer was lost and for one that a busy server
// refused.
func ExampleRetryPolicy() {
	lost := agentcopytest.Fault{Drop: true, AfterCopy: true}
	busy := agentcopytest.Fault{Status: 429, Header: http.Header{"Retry-After": {"0"}}}
	for _, mode := range []agentcopy.RetryMode{agentcopy.RetrySafe, agentcopy.RetryNever, agentcopy.RetryAlways} {
		for _, fault := range []agentcopytest.Fault{lost, busy} {
			server, client, agentID := leaseReader(agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: mode, MinBackoff: time.Nanosecond}))
			server.Inject(fault)
			_, err := client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Hamburg"})
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

// The call does not wait for an hour. It ends at once and says when to come back.
func ExampleRetryPolicy_maxWait() {
	server, client, agentID := leaseReader(agentcopy.WithRetry(agentcopy.RetryPolicy{MaxWait: 5 * time.Minute}))
	server.Inject(agentcopytest.Fault{Status: 429, Header: http.Header{"Retry-After": {"3600"}}})
	_, err := client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Hamburg"})
	if e, ok := errors.AsType[*agentcopy.Error](err); ok {
		fmt.Println(e.Outcome, e.RetryAfter)
	}
	// Output: not copied 1h0m0s
}

func ExampleWithLimiter() {
	slow := rate.NewLimiter(rate.Every(2*time.Second), 1) // of golang.org/x/time/rate
	client, err := kolena.New(apiKey, agentcopy.WithLimiter(slow))
	fmt.Println(client != nil, err)
	// Output: true <nil>
}

// A plan that allows 120 copies a minute. All clients that are given the same
// limiter share it.
func ExampleNewWindowLimiter() {
	limiter := agentcopy.NewWindowLimiter(120, 61*time.Second) // a second more: some servers count whole seconds
	server, client, agentID := leaseReader(agentcopy.WithLimiter(limiter))
	for i := range 60 {
		if _, err := client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: fmt.Sprintf("Tenant %d", i+1)}); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(limiter, "admitted", len(server.Copies()))
	// Output: 120 per 1m1s admitted 60
}

// For a request of your own to the same vendor: it holds its place until a window
// after its answer.
func ExampleWindowLimiter_Acquire() {
	limiter := agentcopy.NewWindowLimiter(1, time.Hour)
	release, err := limiter.Acquire(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("admitted; send the request here")
	release() // when the headers of its answer have arrived

	soon, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	_, err = limiter.Acquire(soon) // it would have to wait for an hour, so it fails at once
	fmt.Println("too late:", errors.Is(err, context.DeadlineExceeded))
	// Output:
	// admitted; send the request here
	// too late: true
}

// quota is a limiter that admits a number of requests and then no more.
type quota struct {
	mu   sync.Mutex
	left int
}

var errQuota = errors.New("the quota of this run is used up")

func (q *quota) Wait(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.left == 0 {
		return errQuota
	}
	q.left--
	return ctx.Err()
}

// A limiter of your own is one method. Its error ends the call, and nothing is
// sent.
func ExampleLimiter() {
	_, client, agentID := leaseReader(agentcopy.WithLimiter(&quota{left: 1}))
	for _, name := range []string{"Hamburg", "Bremen"} {
		_, err := client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: name})
		fmt.Println(name, err == nil, errors.Is(err, errQuota))
	}
	// Output:
	// Hamburg true false
	// Bremen false true
}

// An option of your own bundles what all clients of a program share. The
// constructor checks what it sets.
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

// A gateway, another region, or, as here, a test server on a socket.
func ExampleWithBaseURL() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID
	client, err := kolena.New(apiKey, agentcopy.WithBaseURL(server.URL()))
	if err != nil {
		log.Fatal(err)
	}
	agent, err := client.GetAgent(ctx, agentID)
	fmt.Println(agent.Name, err)
	// Output: Lease reader <nil>
}

// A proxy, certificates and connections of your own are settings of the transport.
// The http.Client is copied: changing it later has no effect.
func ExampleWithHTTPClient() {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxConnsPerHost = 4
	client, err := kolena.New(apiKey, agentcopy.WithHTTPClient(&http.Client{Transport: transport}))
	fmt.Println(client != nil, err)
	// Output: true <nil>
}

// A middleware sees every attempt, retries included.
func ExampleWithMiddleware() {
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
	server, client, agentID := leaseReader(agentcopy.WithMiddleware(count))
	server.Inject(agentcopytest.Fault{Status: 429, Header: http.Header{"Retry-After": {"0"}}}) // refused once
	_, err := client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Hamburg"})
	fmt.Println(statuses, err)
	// Output: [429 200] <nil>
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// A line for each attempt, and for what needs attention.
func ExampleWithLogger() {
	server, client, agentID := leaseReader(agentcopy.WithLogger(slog.New(withoutTime())))
	server.Inject(agentcopytest.Fault{Status: 502, AfterCopy: true})
	_, _ = client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Hamburg"})
	// Output:
	// level=DEBUG msg=attempt provider=kolena operation=CopyAgent attempt=1 status=502 outcome=unknown
	// level=WARN msg="a copy may have been made although the call failed" provider=kolena operation=CopyAgent attempt=1 status=502 outcome=unknown attempts=1
}

// Headers that authenticate or frame the message are refused, and so is
// Idempotency-Key, which no vendor documents.
func ExampleWithHeader() {
	server, client, agentID := leaseReader(agentcopy.WithHeader("X-Team", "migrations"), agentcopy.WithUserAgent("migrator/1.4"))
	_, err := client.GetAgent(ctx, agentID)
	product, _, _ := strings.Cut(server.Requests()[0].Header.Get("User-Agent"), " ")
	fmt.Println(server.Requests()[0].Header.Get("X-Team"), product, err)

	_, err = kolena.New(apiKey, agentcopy.WithHeader("Idempotency-Key", "tenants/hamburg"))
	fmt.Println("refused:", errors.Is(err, agentcopy.ErrInvalid))
	// Output:
	// migrations migrator/1.4 <nil>
	// refused: true
}

func ExampleRunner() {
	server, client, id := leaseReader()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true}) // the answer is lost
	agentID := fmt.Sprint(id)

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
	_, client, agentID := leaseReader()
	copier := client.Copier(kolena.CopyAgentRequest{})
	runner := &once.Runner{Ledger: once.NewMemoryLedger()}

	jobs := func(yield func(once.Job) bool) { // an iter.Seq; slices.Values makes one of a slice
		for _, tenant := range []string{"Hamburg", "Bremen", "Kiel"} {
			request := agentcopy.CopyRequest{SourceID: fmt.Sprint(agentID), Name: "Lease reader, " + tenant}
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
	require.NoError(t, err)
	_, err = client.CopyAgent(t.Context(), source.ID, kolena.CopyAgentRequest{Name: "Tenant 1"})
	require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
	require.Len(t, server.Copies(), 1)
}
