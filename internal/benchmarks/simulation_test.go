package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"golang.org/x/time/rate"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/once"
)

// The simulations run on the clock of testing/synctest, against the fakes of
// agentcopytest. With -v they print the lines that the plots are drawn from.

// TestSimulatePacing starts 200 copies at once. The server admits 60 in any minute, as
// Kolena documents; the network takes up to 300 ms each way.
func TestSimulatePacing(t *testing.T) {
	const copies = 200
	kolenas := vendors()[3]
	for _, client := range []string{"no limiter", "token bucket", "agentcopy"} {
		synctest.Test(t, func(t *testing.T) {
			server := agentcopytest.NewKolena()
			server.AddAgent(kolena.Agent{ID: 123, Name: "Lease reader"})
			slow := &network{next: server.Client().Transport, random: rand.New(rand.NewPCG(1, 2))}
			if client == "token bucket" { // for each attempt, as it should be
				slow.limiter = rate.NewLimiter(rate.Every(time.Second), 60)
			}
			retries := retryablehttp.NewClient()
			retries.HTTPClient, retries.Logger, retries.RetryMax = &http.Client{Transport: slow}, nil, 20
			send, err := kolenas.clients[0].dial(kolenas.origin, retries.StandardClient())
			must(t, err)
			if client == "agentcopy" {
				c, err := kolena.New("key of the pacing simulation", agentcopy.WithHTTPClient(&http.Client{Transport: slow}))
				must(t, err)
				send = func(ctx context.Context) (any, error) {
					return c.CopyAgent(ctx, 123, kolena.CopyAgentRequest{Name: newName})
				}
			}
			var calls sync.WaitGroup
			start := time.Now()
			for range copies {
				calls.Go(func() {
					if _, err := send(t.Context()); err != nil {
						t.Errorf("%s: %v", client, err)
					}
				})
			}
			calls.Wait()
			var refused int
			for _, r := range server.Requests() {
				fmt.Printf("pacing\t%s\t%.1f\t%d\n", client, r.At.Sub(start).Seconds(), r.StatusCode)
				if r.StatusCode == http.StatusTooManyRequests {
					refused++
				}
			}
			if len(server.Copies()) != copies || client == "agentcopy" && refused > 0 {
				t.Errorf("%s: %d copies, %d refused", client, len(server.Copies()), refused)
			}
		})
	}
}

// network delays requests and answers.
type network struct {
	next    http.RoundTripper
	limiter *rate.Limiter
	mu      sync.Mutex
	random  *rand.Rand
}

func (n *network) RoundTrip(req *http.Request) (*http.Response, error) {
	if n.limiter != nil {
		if err := n.limiter.Wait(req.Context()); err != nil {
			return nil, err
		}
	}
	n.delay()
	defer n.delay()
	return n.next.RoundTrip(req)
}

func (n *network) delay() {
	n.mu.Lock()
	d := time.Duration(n.random.IntN(300)) * time.Millisecond
	n.mu.Unlock()
	time.Sleep(d)
}

var lost = []struct {
	name  string
	fault agentcopytest.Fault
	times int
}{
	{"connection closed", agentcopytest.Fault{Drop: true, AfterCopy: true}, 1},
	{"answer cut off", agentcopytest.Fault{Truncate: 100}, 1},
	{"500", agentcopytest.Fault{Status: 500, AfterCopy: true}, 1},
	{"502", agentcopytest.Fault{Status: 502, AfterCopy: true}, 1},
	{"503, Retry-After", agentcopytest.Fault{Status: 503, AfterCopy: true, Header: http.Header{"Retry-After": {"1"}}}, 1},
	{"500, each time", agentcopytest.Fault{Status: 500, AfterCopy: true}, 9},
}

// TestSimulateLostAnswers has LangSmith make the copy and lose the answer, for each
// client as its defaults are.
func TestSimulateLostAnswers(t *testing.T) {
	clients := append([]client{vendors()[0].clients[1], {"agentcopy + once", onceClient}}, peers...)
	for _, c := range clients {
		for _, fault := range lost {
			synctest.Test(t, func(t *testing.T) {
				server := agentcopytest.NewLangSmith()
				server.AddAgent(langsmith.Agent{ID: sourceID, Name: "Research"})
				server.Inject(slices.Repeat([]agentcopytest.Fault{fault.fault}, fault.times)...)
				do, err := c.dial("https://api.smith.langchain.com", &http.Client{Transport: asLangSmith{server.Client().Transport}})
				must(t, err)
				_, err = do(t.Context())
				says := "success"
				if errors.Is(err, agentcopy.ErrOutcomeUnknown) || errors.Is(err, agentcopy.ErrCopied) {
					says = "unknown"
				} else if err != nil {
					says = "error"
				}
				copies := len(server.Copies())
				fmt.Printf("lost\t%s\t%s\t%d\t%s\n", c.name, fault.name, copies, says)
				if strings.HasPrefix(c.name, "agentcopy") && (copies != 1 || says == "error") {
					t.Errorf("%s, %s: %d copies, %s", c.name, fault.name, copies, says)
				}
				if c.name == "agentcopy + once" && says != "success" {
					t.Errorf("once did not settle %s: %v", fault.name, err)
				}
			})
		}
	}
}

func onceClient(_ string, c *http.Client) (call, error) {
	client, err := langsmith.New(key, agentcopy.WithHTTPClient(c))
	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	return func(ctx context.Context) (any, error) {
		return runner.Copy(ctx, "research", client.Copier(langsmith.CloneAgentRequest{}), agentcopy.CopyRequest{SourceID: sourceID, Name: newName})
	}, err
}

// asLangSmith gives the requests of the peers the credential and the path that
// LangSmith wants, which some of them cannot be told.
type asLangSmith struct{ next http.RoundTripper }

func (l asLangSmith) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("X-Api-Key", key)
	req.URL.Path = strings.Replace(req.URL.Path, "/v2/", "/v1/", 1)
	return l.next.RoundTrip(req)
}

// TestPlots: the plots and the tables are those that the command makes of the data.
func TestPlots(t *testing.T) {
	const root = "../../"
	dir := t.TempDir()
	must(t, os.CopyFS(dir+"/docs/plots", os.DirFS(root+"docs/plots")))
	page, err := os.ReadFile(root + "BENCHMARKS.md")
	must(t, err)
	must(t, os.WriteFile(dir+"/BENCHMARKS.md", page, 0o644))
	must(t, run(root+"docs/plots/data.txt", dir))
	for _, name := range []string{"BENCHMARKS.md", "docs/plots/cost.svg", "docs/plots/pacing.svg", "docs/plots/duplicates.svg"} {
		got, err1 := os.ReadFile(dir + "/" + name)
		if want, err2 := os.ReadFile(root + name); err1 != nil || err2 != nil || string(got) != string(want) {
			t.Errorf("%s is not drawn from docs/plots/data.txt: go run ./internal/benchmarks docs/plots/data.txt (%v, %v)", name, err1, err2)
		}
	}
}
