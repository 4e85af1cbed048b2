package conformance

import (
	"context"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// operation is one method of a vendor's client, called through the public face.
type operation struct {
	provider string
	name     string // as in agentcopy.Error.Operation
	variant  string // tells operations of one name apart
	copies   bool
	noBody   bool // it is a POST without a body
	// connect makes a client with credentials that begin with key.
	connect func(key string, opts ...agentcopy.Option) (*caller, error)
	docs    documents
}

func (o *operation) String() string { return o.provider + "." + o.name + o.variant }

// caller is a client, and the one method of it that is called.
type caller struct {
	client any // *zudu.Client and so on
	do     func(ctx context.Context) (*result, error)
}

// result is what a call returned.
type result struct {
	id       string // of the first agent
	value    any    // the typed answer
	response *agentcopy.Response
}

// documents are answers of the vendor to an operation.
type documents struct {
	good     string // as documented
	mistyped string // a field that does not matter has another type
	noID     string // the agent has no ID
	otherID  string // the ID has a type that stands for none; "" where lists bear with it
	refusal  string // success by status, failure by its text; "" where there is no such thing
}

const (
	sourceUUID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
	newUUID    = "7d1f3b1e-93f5-4c0e-a3f0-0c5f5f1c8a11"
)

// operations are all that the conformance tables run for.
var operations = []*operation{
	{
		provider: "zudu", name: "DuplicateAgent", copies: true,
		connect: connectZudu(func(ctx context.Context, c *zudu.Client) (*result, error) {
			return one(c.DuplicateAgent(ctx, "agent_1", zudu.DuplicateAgentRequest{AgentName: "A copy"}))
		}),
		docs: documents{
			good:     `{"message":"Agent duplicated successfully","status":"success","error":null,"data":{"agent_id":"agent_2","agent_name":"A copy","organization_id":"org_1","created_at":"2024-01-15T10:30:00Z","updated_at":"2024-01-15T10:30:00"}}`,
			mistyped: `{"status":"success","data":{"agent_id":"agent_2","agent_name":["A copy"]}}`,
			noID:     `{"status":"success","data":{"agent_name":"A copy"}}`,
			otherID:  `{"status":"success","data":{"agent_id":[2]}}`,
			refusal:  `{"message":"Validation error","status":"error","error":"Agent name is taken"}`,
		},
	},
	{
		provider: "zudu", name: "GetAgent",
		connect: connectZudu(func(ctx context.Context, c *zudu.Client) (*result, error) {
			return one(c.GetAgent(ctx, "agent_2"))
		}),
		docs: documents{
			good:     `{"message":"Full agent data retrieved successfully","status":"success","error":null,"data":{"agent_id":"agent_2","agent_name":"A copy","language":"en"}}`,
			mistyped: `{"status":"success","data":{"agent_id":"agent_2","agent_name":7}}`,
			noID:     `{"status":"success","data":{}}`,
			otherID:  `{"status":"success","data":{"agent_id":[2]}}`,
			refusal:  `{"message":"Agent not found","status":"error","error":"no such agent"}`,
		},
	},
	{
		provider: "zudu", name: "ListAgents",
		connect: connectZudu(func(ctx context.Context, c *zudu.Client) (*result, error) {
			return first(c.ListAgents(ctx, zudu.ListAgentsRequest{}))
		}),
		docs: documents{
			good:     `{"status":"success","data":{"agents":[{"agent_id":"agent_2","agent_name":"A copy"}],"pagination":{"has_next_page":false}}}`,
			mistyped: `{"status":"success","data":{"agents":[{"agent_id":"agent_2","agent_name":7}],"pagination":{"has_next_page":false}}}`,
			noID:     `{"status":"success","data":{}}`,
			refusal:  `{"message":"No","status":"error","error":"no such organization"}`,
		},
	},
	{
		provider: "zudu", name: "ListAgents", variant: " by name", // a read that is a POST with a body
		connect: connectZudu(func(ctx context.Context, c *zudu.Client) (*result, error) {
			return first(c.ListAgents(ctx, zudu.ListAgentsRequest{Name: "A copy"}))
		}),
		docs: documents{
			good:     `{"status":"success","data":{"agents":[{"agent_id":"agent_2","agent_name":"A copy"}],"pagination":{}}}`,
			mistyped: `{"status":"success","data":{"agents":[{"agent_id":"agent_2","agent_name":"A copy","language":7}],"pagination":{}}}`,
			noID:     `{"status":"success","data":{}}`,
			refusal:  `{"message":"No","status":"error","error":"no such organization"}`,
		},
	},
	{
		provider: "cotool", name: "CopyAgent", copies: true, noBody: true,
		connect: connectCotool(func(ctx context.Context, c *cotool.Client) (*result, error) {
			answer, err := c.CopyAgent(ctx, sourceUUID)
			if err != nil {
				return nil, err
			}
			return &result{answer.Agent.ID, answer, answer.Response}, nil
		}),
		docs: documents{
			good:     `{"agent":{"id":"` + newUUID + `","name":"A copy","createdAt":"2025-06-17T12:34:56.789Z"},"parkedAgentId":"` + sourceUUID + `","parkedAgentName":"A","transferredTriggerNames":["daily"]}`,
			mistyped: `{"agent":{"id":"` + newUUID + `","name":7},"parkedAgentId":"` + sourceUUID + `"}`,
			noID:     `{"agent":{"name":"A copy"}}`,
			otherID:  `{"agent":{"id":[2]}}`,
		},
	},
	{
		provider: "cotool", name: "GetAgent",
		connect: connectCotool(func(ctx context.Context, c *cotool.Client) (*result, error) {
			return one(c.GetAgent(ctx, newUUID))
		}),
		docs: documents{
			good:     `{"id":"` + newUUID + `","name":"A copy"}`,
			mistyped: `{"id":"` + newUUID + `","name":7}`,
			noID:     `{"name":"A copy"}`,
			otherID:  `{"id":[2]}`,
		},
	},
	{
		provider: "cotool", name: "ListAgents",
		connect: connectCotool(func(ctx context.Context, c *cotool.Client) (*result, error) {
			return first(c.ListAgents(ctx, cotool.ListAgentsRequest{}))
		}),
		docs: documents{
			good:     `[{"id":"` + newUUID + `","name":"A copy"}]`,
			mistyped: `[{"id":"` + newUUID + `","name":7}]`,
			noID:     `{}`,
		},
	},
	{
		provider: "langsmith", name: "CloneAgent", copies: true,
		connect: connectLangSmith(func(ctx context.Context, c *langsmith.Client) (*result, error) {
			return one(c.CloneAgent(ctx, sourceUUID, langsmith.CloneAgentRequest{Name: "A copy"}))
		}),
		docs: documents{
			good:     `{"id":"` + newUUID + `","name":"A copy","created_at":"2026-05-15T20:50:32.708302+00:00"}`,
			mistyped: `{"id":"` + newUUID + `","name":7}`,
			noID:     `{"name":"A copy"}`,
			otherID:  `{"id":[2]}`,
		},
	},
	{
		provider: "langsmith", name: "GetAgent",
		connect: connectLangSmith(func(ctx context.Context, c *langsmith.Client) (*result, error) {
			return one(c.GetAgent(ctx, newUUID, langsmith.GetAgentRequest{}))
		}),
		docs: documents{
			good:     `{"id":"` + newUUID + `","name":"A copy"}`,
			mistyped: `{"id":"` + newUUID + `","name":7}`,
			noID:     `{"name":"A copy"}`,
			otherID:  `{"id":[2]}`,
		},
	},
	{
		provider: "langsmith", name: "ListAgents",
		connect: connectLangSmith(func(ctx context.Context, c *langsmith.Client) (*result, error) {
			return first(c.ListAgents(ctx, langsmith.ListAgentsRequest{}))
		}),
		docs: documents{
			good:     `{"items":[{"id":"` + newUUID + `","name":"A copy"}],"next_cursor":null}`,
			mistyped: `{"items":[{"id":"` + newUUID + `","name":7}],"next_cursor":null}`,
			noID:     `{}`,
		},
	},
	{
		provider: "kolena", name: "CopyAgent", copies: true,
		connect: connectKolena(func(ctx context.Context, c *kolena.Client) (*result, error) {
			return oneNumbered(c.CopyAgent(ctx, 1, kolena.CopyAgentRequest{Name: "A copy"}))
		}),
		docs: documents{
			good:     `{"id":2,"workspace_id":1,"name":"A copy","objective":"","created":"2025-10-08T20:14:29.472247+00:00","updated":"2025-01-01T00:00:00","created_by":"user@example.com","n_runs":0,"prompts":[]}`,
			mistyped: `{"id":2,"name":7}`,
			noID:     `{"name":"A copy"}`,
			otherID:  `{"id":"` + newUUID + `"}`,
		},
	},
	{
		provider: "kolena", name: "GetAgent",
		connect: connectKolena(func(ctx context.Context, c *kolena.Client) (*result, error) {
			return oneNumbered(c.GetAgent(ctx, 2))
		}),
		docs: documents{
			good:     `{"id":2,"name":"A copy"}`,
			mistyped: `{"id":2,"name":7}`,
			noID:     `{"name":"A copy"}`,
			otherID:  `{"id":"` + newUUID + `"}`,
		},
	},
	{
		provider: "kolena", name: "ListAgents",
		connect: connectKolena(func(ctx context.Context, c *kolena.Client) (*result, error) {
			return firstNumbered(c.ListAgents(ctx, kolena.ListAgentsRequest{}))
		}),
		docs: documents{
			good:     `{"agents":[{"id":2,"name":"A copy"}],"total_pages":1,"page_number":0,"page_size":1}`,
			mistyped: `{"agents":[{"id":2,"name":7}],"total_pages":1,"page_number":0,"page_size":1}`,
			noID:     `{"total_pages":1}`,
		},
	},
}

func copyOperations() []*operation {
	return kept(operations, func(o *operation) bool { return o.copies })
}

func kept[T any](all []T, keep func(T) bool) []T {
	var some []T
	for _, v := range all {
		if keep(v) {
			some = append(some, v)
		}
	}
	return some
}

func connectZudu(do func(context.Context, *zudu.Client) (*result, error)) func(string, ...agentcopy.Option) (*caller, error) {
	return func(key string, opts ...agentcopy.Option) (*caller, error) {
		c, err := zudu.New(key, key+secondSecret, opts...)
		return &caller{c, func(ctx context.Context) (*result, error) { return do(ctx, c) }}, err
	}
}

// secondSecret ends the second of the two credentials that Zudu has.
const secondSecret = "-the/second+secret="

func connectCotool(do func(context.Context, *cotool.Client) (*result, error)) func(string, ...agentcopy.Option) (*caller, error) {
	return func(key string, opts ...agentcopy.Option) (*caller, error) {
		c, err := cotool.New(key, opts...)
		return &caller{c, func(ctx context.Context) (*result, error) { return do(ctx, c) }}, err
	}
}

func connectLangSmith(do func(context.Context, *langsmith.Client) (*result, error)) func(string, ...agentcopy.Option) (*caller, error) {
	return func(key string, opts ...agentcopy.Option) (*caller, error) {
		c, err := langsmith.New(key, opts...)
		return &caller{c, func(ctx context.Context) (*result, error) { return do(ctx, c) }}, err
	}
}

func connectKolena(do func(context.Context, *kolena.Client) (*result, error)) func(string, ...agentcopy.Option) (*caller, error) {
	return func(key string, opts ...agentcopy.Option) (*caller, error) {
		c, err := kolena.New(key, opts...)
		return &caller{c, func(ctx context.Context) (*result, error) { return do(ctx, c) }}, err
	}
}

// agent is what the typed answers of three vendors have in common.
type agent interface {
	*zudu.Agent | *cotool.Agent | *langsmith.Agent
}

func one[A agent](a A, err error) (*result, error) {
	if err != nil {
		return nil, err
	}
	switch a := any(a).(type) {
	case *zudu.Agent:
		return &result{a.AgentID, a, a.Response}, nil
	case *cotool.Agent:
		return &result{a.ID, a, a.Response}, nil
	case *langsmith.Agent:
		return &result{a.ID, a, a.Response}, nil
	}
	panic("not reached: agent lists no other type")
}

func oneNumbered(a *kolena.Agent, err error) (*result, error) {
	if err != nil {
		return nil, err
	}
	return &result{strconv.FormatInt(a.ID, 10), a, a.Response}, nil
}

// first reads a list to its end, and returns its first agent.
func first[A agent](list iter.Seq2[A, error]) (*result, error) {
	return firstOf(list, func(a A) (*result, error) { return one(a, nil) })
}

func firstNumbered(list iter.Seq2[*kolena.Agent, error]) (*result, error) {
	return firstOf(list, func(a *kolena.Agent) (*result, error) { return oneNumbered(a, nil) })
}

func firstOf[A any](list iter.Seq2[A, error], read func(A) (*result, error)) (*result, error) {
	found := &result{}
	for a, err := range list {
		if err != nil {
			return nil, err
		}
		if found.value == nil {
			if found, err = read(a); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// isCopy reports whether a request asks for a copy.
func isCopy(method, path string) bool {
	return method == http.MethodPost &&
		(strings.HasSuffix(path, "/duplicate") || strings.HasSuffix(path, "/copy") || strings.HasSuffix(path, "/clone"))
}

var keys atomic.Int64

// newKey returns a credential that no other case has: pauses are shared by all
// clients of one.
func newKey() string { return "conformance-credential-" + strconv.FormatInt(keys.Add(1), 10) }
