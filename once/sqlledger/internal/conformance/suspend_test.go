//go:build unix

package conformance_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

// boundaries are the moments of a call at which a process is suspended. Of a write there
// are two: before the ledger is asked, and when it has answered.
var boundaries = []string{
	"Begin", "Begin done", "Copy", "limiter", "AttemptStart", "Update", "Update done",
	"answered", "Finish", "Finish done", "refused: Abandon", "refused: Abandon done",
}

// Processes are suspended, each at a boundary of its call, until another process has made
// or found the copy, which takes until the lease has run out. Then they go on. There is
// one copy, and a process that was suspended never says that there is none.
func TestSuspendedProcessesMakeOneCopy(t *testing.T) {
	places(t, func(t *testing.T, newPlace func(testing.TB) string) {
		w := newWork(t, "kolena", newPlace(t), boundaries...)
		children := map[string]*child{}
		for _, j := range w.Jobs {
			children[j.Name] = startChild(t, "suspended", task{Ledger: w.Ledger, Vendor: w.Vendor, Name: j.Name, Jobs: []job{j}})
		}
		for _, c := range children {
			c.paused(t)
			require.NoError(t, c.cmd.Process.Signal(syscall.SIGSTOP))
		}

		l, err := w.open()
		require.NoError(t, err)
		defer l.Close()
		copier, err := copierOf("kolena", w.Vendor)
		require.NoError(t, err)
		runner := &once.Runner{Ledger: l, SettleTime: childSettle, Concurrency: len(boundaries)}
		ids := map[string]string{}
		for deadline := time.Now().Add(2 * time.Minute); len(ids) < len(boundaries); {
			for r := range runner.All(t.Context(), w.jobs(copier)) {
				if require.True(t, time.Now().Before(deadline), "%v", r.Err); r.Err == nil {
					ids[r.Job.Key] = r.Copy.ID
				}
			}
		}
		for boundary, c := range children {
			c.resume()
			require.NoError(t, c.cmd.Process.Signal(syscall.SIGCONT))
			said, err := io.ReadAll(c.out)
			require.NoError(t, err)
			require.True(t, c.wait(t))
			var answer answer
			require.NoError(t, json.Unmarshal(said, &answer))
			require.Contains(t, []string{"", ids[boundary]}, answer.ID, "%s: %s", boundary, answer.Error)
			if boundary != "refused: Abandon done" { // nothing was made, and the other process began anew
				require.NotEqual(t, agentcopy.OutcomeNotCopied, answer.Outcome, "%s: %s", boundary, answer.Error)
			}
		}
		w.check(t, len(boundaries))
	})
}

// answer is what a process that was suspended says of its call.
type answer struct {
	ID      string
	Outcome agentcopy.Outcome
	Error   string
}

// suspended makes a copy, and is suspended at the boundary that the task names.
func suspended(t task) error {
	l, err := t.open()
	if err != nil {
		return err
	}
	b := &boundary{Ledger: l, Transport: http.DefaultTransport.(*http.Transport).Clone(), name: t.Name}
	copier, err := copierOf("kolena", t.Vendor, agentcopy.WithHTTPClient(&http.Client{Transport: b}), agentcopy.WithLimiter(b),
		agentcopy.WithTrace(agentcopy.Trace{AttemptStart: func(ctx context.Context, a agentcopy.AttemptInfo) (context.Context, error) {
			b.reach("AttemptStart", a.Call.Copies)
			return ctx, nil
		}}))
	if err != nil {
		return err
	}
	j := t.Jobs[0]
	copied, err := (&once.Runner{Ledger: b, SettleTime: childSettle}).Copy(context.Background(), j.Key, copierAt{copier, b},
		agentcopy.CopyRequest{SourceID: j.SourceID, Name: j.Name})
	outcome := agentcopy.OutcomeCopied
	if err != nil {
		outcome, _ = agentcopy.OutcomeOf(err)
	}
	return json.NewEncoder(os.Stdout).Encode(answer{copied.ID, outcome, fmt.Sprint(err)})
}

// boundary pauses the first time that a call gets there.
type boundary struct {
	once.Ledger
	*http.Transport
	name string
	once sync.Once
}

func (b *boundary) reach(name string, there bool) {
	if there && strings.TrimPrefix(b.name, "refused: ") == name {
		b.once.Do(pause)
	}
}

func (b *boundary) write(name string, r once.Record, f func() error) error {
	there := name != "Update" || r.Sends > 0 // no renewal
	b.reach(name, there)
	err := f()
	b.reach(name+" done", there)
	return err
}

func (b *boundary) Begin(ctx context.Context, r once.Record, lease time.Duration) (stored once.Record, found bool, err error) {
	err = b.write("Begin", r, func() error { stored, found, err = b.Ledger.Begin(ctx, r, lease); return err })
	return stored, found, err
}

func (b *boundary) Update(ctx context.Context, r once.Record, lease time.Duration) error {
	return b.write("Update", r, func() error { return b.Ledger.Update(ctx, r, lease) })
}

func (b *boundary) Finish(ctx context.Context, r once.Record) error {
	return b.write("Finish", r, func() error { return b.Ledger.Finish(ctx, r) })
}

func (b *boundary) Abandon(ctx context.Context, r once.Record) error {
	return b.write("Abandon", r, func() error { return b.Ledger.Abandon(ctx, r) })
}

// Wait is that of an agentcopy.Limiter.
func (b *boundary) Wait(context.Context) error {
	b.reach("limiter", true)
	return nil
}

func (b *boundary) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost && strings.HasPrefix(b.name, "refused: ") {
		return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	}
	response, err := b.Transport.RoundTrip(r)
	b.reach("answered", r.Method == http.MethodPost)
	return response, err
}

type copierAt struct {
	agentcopy.Copier
	*boundary
}

func (c copierAt) Copy(ctx context.Context, r agentcopy.CopyRequest) (agentcopy.Copy, error) {
	c.reach("Copy", true)
	return c.Copier.Copy(ctx, r)
}
