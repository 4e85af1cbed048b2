package boltledger_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/boltledger"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// childVariable makes this test binary the program that is killed: it reads a
// task from its standard input and works on it.
const childVariable = "BOLTLEDGER_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) == "" {
		os.Exit(m.Run())
	}
	if err := childMain(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(unfinished)
	}
}

// unfinished is the exit code of a child that must be started again.
const unfinished = 3

// task is what a child is to do.
type task struct {
	Vendor, URL, Ledger string
	Jobs                []job
}

type job struct{ Key, SourceID, Name string }

// How patient a child is. The settle time is long enough for the fakes, however
// busy the machine, and a late answer comes within it.
const (
	childTimeout = 400 * time.Millisecond
	lateAnswer   = 500 * time.Millisecond
	childSettle  = time.Second
)

// childMain makes the copies of a task. It returns an error when not all of them
// are made, and ends the process with another code at an error that nothing
// explains.
func childMain() error {
	var t task
	if err := json.NewDecoder(os.Stdin).Decode(&t); err != nil {
		return err
	}
	ledger, err := boltledger.Open(t.Ledger)
	if err != nil {
		unexplained(err)
	}
	copier, err := copierOf(t.Vendor, t.URL)
	if err != nil {
		unexplained(err)
	}
	runner := &once.Runner{Ledger: ledger, SettleTime: childSettle, Concurrency: 32}
	failed := 0
	for r := range runner.All(context.Background(), t.jobs(copier)) {
		if r.Err != nil {
			failed++
			account(r)
		}
	}
	if err := ledger.Close(); err != nil {
		unexplained(err)
	}
	if failed > 0 {
		return fmt.Errorf("%d copies are missing", failed)
	}
	return nil
}

func (t *task) jobs(copier agentcopy.Copier) func(func(once.Job) bool) {
	return func(yield func(once.Job) bool) {
		for _, j := range t.Jobs {
			if !yield(once.Job{Key: j.Key, Copier: copier, Request: agentcopy.CopyRequest{SourceID: j.SourceID, Name: j.Name}}) {
				return
			}
		}
	}
}

// account ends the process at an error that the faults do not explain: three
// requests in a row may get lost, and the vendor may be busy four times over.
func account(r once.Result) {
	for _, known := range []error{agentcopy.ErrOutcomeUnknown, agentcopy.ErrRateLimited} {
		if errors.Is(r.Err, known) && !errors.Is(r.Err, once.ErrAmbiguous) && !errors.Is(r.Err, once.ErrLeaseLost) {
			return
		}
	}
	unexplained(r.Err)
}

func unexplained(err error) {
	fmt.Fprintln(os.Stderr, "unexplained:", err)
	os.Exit(1)
}

func copierOf(vendor, url string) (agentcopy.Copier, error) {
	opts := []agentcopy.Option{
		agentcopy.WithBaseURL(url),
		agentcopy.WithLimiter(agentcopy.Unlimited),
		agentcopy.WithAttemptTimeout(childTimeout),
		agentcopy.WithRetry(agentcopy.RetryPolicy{MinBackoff: time.Millisecond, MaxBackoff: 10 * time.Millisecond}),
	}
	const key, secret = "not-a-real-key", "not-a-real-secret"
	switch vendor {
	case "zudu":
		c, err := zudu.New(key, secret, opts...)
		return c.Copier(), err
	case "cotool":
		c, err := cotool.New(key, opts...)
		return c.Copier(), err
	case "langsmith":
		c, err := langsmith.New(key, opts...)
		return c.Copier(langsmith.CloneAgentRequest{}), err
	}
	c, err := kolena.New(key, opts...)
	return c.Copier(kolena.CopyAgentRequest{}), err
}
