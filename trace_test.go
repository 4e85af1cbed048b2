package agentcopy_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

// A Trace sees every request that leaves, and what became of it.
func ExampleWithTrace() {
	server, client, agentID := leaseReader(agentcopy.WithTrace(agentcopy.Trace{
		AttemptDone: func(_ context.Context, a agentcopy.AttemptInfo, attempt agentcopy.Attempt, o agentcopy.Outcome) {
			fmt.Println(a.Call.Operation, a.Number, attempt.StatusCode, o)
		},
	}))
	server.Inject(agentcopytest.Fault{Status: 429, Header: http.Header{"Retry-After": {"0"}}})
	_, err := client.CopyAgent(ctx, agentID, kolena.CopyAgentRequest{Name: "Hamburg"})
	fmt.Println(err)
	// Output:
	// CopyAgent 1 429 not copied
	// CopyAgent 2 200 copied
	// <nil>
}

// A Trace can stop an attempt right before its request leaves, here because a lease
// was lost. Then no copy is made.
func ExampleContextWithTrace() {
	server, client, agentID := leaseReader()
	leased := agentcopy.ContextWithTrace(ctx, agentcopy.Trace{
		AttemptStart: func(ctx context.Context, _ agentcopy.AttemptInfo) (context.Context, error) {
			return nil, errors.New("the lease is lost")
		},
	})
	_, err := client.CopyAgent(leased, agentID, kolena.CopyAgentRequest{Name: "Hamburg"})
	fmt.Println(err)
	fmt.Println(len(server.Requests()), "requests")
	// Output:
	// kolena: CopyAgent: the lease is lost (not copied, nothing sent)
	// 0 requests
}

// A Copier of your own tells the traces of its context what it does.
func ExampleContextTrace() {
	ctx := agentcopy.ContextWithTrace(ctx, agentcopy.Trace{
		CallStart: func(ctx context.Context, c agentcopy.CallInfo) context.Context {
			fmt.Println(c.Provider, c.Operation)
			return ctx
		},
	})

	trace := agentcopy.ContextTrace(ctx)
	if trace.CallStart != nil {
		ctx = trace.CallStart(ctx, agentcopy.CallInfo{Provider: "acme", Operation: "CopyThing", Copies: true})
	}
	fmt.Println(trace.CallDone == nil, ctx.Err())
	// Output:
	// acme CopyThing
	// true <nil>
}

func ExampleOutcomeOf() {
	_, client, _ := leaseReader()
	_, err := client.CopyAgent(ctx, 17, kolena.CopyAgentRequest{Name: "Hamburg"}) // there is no such agent
	fmt.Println(agentcopy.OutcomeOf(fmt.Errorf("row 3: %w", err)))
	fmt.Println(agentcopy.OutcomeOf(errors.New("another's error")))
	// Output:
	// not copied true
	// unknown false
}

// Reads are not limited, and copies keep the vendor's pace.
func ExampleWithReadLimiter() {
	server, client, agentID := leaseReader(agentcopy.WithReadLimiter(agentcopy.Unlimited))
	for range 1000 {
		if _, err := client.GetAgent(ctx, agentID); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(len(server.Requests()))
	// Output: 1000
}

// TestJoinedTracesSkipNilFuncs: a func that none has is nil, nil funcs are skipped, and
// who was told that an attempt began is told that it ended.
func TestJoinedTracesSkipNilFuncs(t *testing.T) {
	var told []string
	named := func(name string) agentcopy.Trace {
		return agentcopy.Trace{
			AttemptStart: func(ctx context.Context, _ agentcopy.AttemptInfo) (context.Context, error) {
				told = append(told, name+" starts")
				if name == "c" {
					return nil, errors.New("no")
				}
				return nil, nil
			},
			AttemptDone: func(_ context.Context, _ agentcopy.AttemptInfo, a agentcopy.Attempt, o agentcopy.Outcome) {
				told = append(told, fmt.Sprint(name, " ends: ", a.Err, ", ", o))
			},
		}
	}
	ctx := t.Context()
	for _, trace := range []agentcopy.Trace{named("a"), {}, named("b"), named("c"), named("d")} {
		ctx = agentcopy.ContextWithTrace(ctx, trace)
	}
	joined := agentcopy.ContextTrace(ctx)
	require.Nil(t, joined.CallStart)
	require.Nil(t, joined.WaitDone)
	_, err := joined.AttemptStart(ctx, agentcopy.AttemptInfo{})
	require.EqualError(t, err, "no")
	require.Equal(t, []string{"a starts", "b starts", "c starts", "a ends: no, not copied", "b ends: no, not copied"}, told)
}

// TestATraceOfOneBranchIsNotInAnother: a trace that one branch adds, another one does not have.
func TestATraceOfOneBranchIsNotInAnother(t *testing.T) {
	count := 0
	trace := agentcopy.Trace{CallDone: func(context.Context, agentcopy.CallInfo, error) { count++ }}
	base := agentcopy.ContextWithTrace(agentcopy.ContextWithTrace(t.Context(), trace), trace)
	left, right := agentcopy.ContextWithTrace(base, trace), agentcopy.ContextWithTrace(base, agentcopy.Trace{})
	for want, ctx := range map[int]context.Context{3: left, 2: right} {
		count = 0
		agentcopy.ContextTrace(ctx).CallDone(ctx, agentcopy.CallInfo{}, nil)
		require.Equal(t, want, count)
	}
}
