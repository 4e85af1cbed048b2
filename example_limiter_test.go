package agentcopy_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

// A plan that allows 120 copies a minute. All clients that are given the same
// limiter share it.
func ExampleNewWindowLimiter() {
	server := agentcopytest.NewKolena(agentcopytest.WithRateLimit(120, time.Minute))
	defer server.Close()
	agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID

	limiter := agentcopy.NewWindowLimiter(120, 61*time.Second) // a second more: some servers count in whole ones
	client, err := kolena.New(apiKey, agentcopy.WithLimiter(limiter), agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range 120 {
		if _, err := client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: fmt.Sprintf("Tenant %d", i+1)}); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(limiter, "admitted", len(server.Copies()))
	// Output: 120 per 1m1s admitted 120
}

// For a request of your own, to the same vendor: it holds its place until a
// window after its answer.
func ExampleWindowLimiter_Acquire() {
	limiter := agentcopy.NewWindowLimiter(1, time.Hour)

	release, err := limiter.Acquire(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("admitted; here the request is sent, and its answer's headers arrive")
	release()

	soon, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	_, err = limiter.Acquire(soon) // could be admitted in an hour, which is too late: it fails at once
	fmt.Println("too late:", errors.Is(err, context.DeadlineExceeded))
	// Output:
	// admitted; here the request is sent, and its answer's headers arrive
	// too late: true
}

// Where it is not known when the answer came, the place falls free a window
// after the admission.
func ExampleWindowLimiter_Wait() {
	limiter := agentcopy.NewWindowLimiter(2, time.Hour)
	soon, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for range 3 {
		err := limiter.Wait(soon)
		fmt.Println("admitted:", err == nil)
	}
	// Output:
	// admitted: true
	// admitted: true
	// admitted: false
}

// No limit at all, for a server of your own. What the vendor asks for by 429
// holds all the same.
func ExampleWithLimiter_unlimited() {
	server := agentcopytest.NewKolena(agentcopytest.WithRateLimit(1000, time.Second))
	defer server.Close()
	agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID

	client, err := kolena.New(apiKey, agentcopy.WithLimiter(agentcopy.Unlimited), agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	var copying sync.WaitGroup
	for i := range 100 { // Kolena's own limit of 60 a minute would take a minute
		copying.Go(func() {
			_, _ = client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: fmt.Sprintf("Tenant %d", i+1)})
		})
	}
	copying.Wait()
	fmt.Println(len(server.Copies()))
	// Output: 100
}

// quota is a limiter that allows a number of requests and then no more.
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

// A limiter of your own is one method. Its error ends the call, and nothing has
// been sent.
func ExampleLimiter() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID

	client, err := kolena.New(apiKey, agentcopy.WithLimiter(&quota{left: 1}), agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range []string{"Hamburg", "Bremen"} {
		_, err := client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: name})
		fmt.Println(name, err == nil, errors.Is(err, errQuota))
	}
	// Output:
	// Hamburg true false
	// Bremen false true
}

// turns lets one request be under way at a time: it must know when an answer has
// come, and so has an Acquire.
type turns chan struct{}

func (t turns) Acquire(ctx context.Context) (release func(), err error) {
	select {
	case t <- struct{}{}:
		return sync.OnceFunc(func() { <-t }), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Wait makes it a Limiter. It is not called, since there is an Acquire.
func (t turns) Wait(context.Context) error { return errors.New("use Acquire") }

func ExampleAcquirer() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	agentID := server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID

	client, err := kolena.New(apiKey, agentcopy.WithLimiter(make(turns, 1)), agentcopy.WithHTTPClient(server.Client()))
	if err != nil {
		fmt.Println(err)
		return
	}
	var copying sync.WaitGroup
	for _, name := range []string{"Hamburg", "Bremen", "Kiel"} {
		copying.Go(func() { _, _ = client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: name}) })
	}
	copying.Wait()
	fmt.Println(len(server.Copies()))
	// Output: 3
}
