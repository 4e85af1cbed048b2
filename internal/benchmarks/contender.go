package main

import (
	"context"
	"net/http"
)

// What every contender sends.
const (
	apiKey       = "benchmark-key-of-ordinary-length"
	sourceID     = "550e8400-e29b-41d4-a716-446655440000"
	sourceNumber = 123 // Kolena's IDs are numbers
	cloneName    = "Research, Berlin"
)

// site is where a contender sends its calls.
type site struct {
	origin string
	client *http.Client
}

// call copies one agent and returns a pointer to the struct that the answer was
// decoded into.
type call func(ctx context.Context) (any, error)

// contender is one way to make the call.
type contender struct {
	name  string
	path  string // of its module, for its version
	build func(site) (call, error)
}

func (c *contender) isPeer() bool { return c.path != "" && c.path != sdkPath }

// group is the contenders that get the same answer and decode it into the same
// struct. The first one is the floor.
type group struct {
	vendor     string
	origin     string
	document   func(size int) (answer, agent any) // agent is what a caller gets of the answer
	refusal    string                             // what the vendor says of an agent that is not there
	contenders []contender
}

// whole is for answers that are the agent, with nothing around it.
func whole(agent any) (any, any) { return agent, agent }

const sdkPath = "github.com/agentcopy/agentcopy-go"

// groups lists all contenders. The peers are in LangSmith's group.
func groups() []group {
	return []group{
		{
			vendor:   "langsmith",
			origin:   "https://api.smith.langchain.com",
			document: func(size int) (any, any) { return whole(langsmithDocument(size)) },
			refusal: `{"type":"https://docs.langchain.com/errors/agent_not_found","code":"agent_not_found",` +
				`"detail":"Verify the agent ID and that the calling identity has access: agent not found","status":404}`,
			contenders: append([]contender{
				{"net/http by hand, langsmith", "", langsmithFloor},
				{"agentcopy, langsmith", sdkPath, langsmithSDK},
			}, peers()...),
		},
		{
			vendor:   "zudu",
			origin:   "https://api.zudu.ai",
			document: func(size int) (any, any) { a := zuduDocument(size); return a, &a.Data },
			refusal: `{"message":"Agent not found","status":"error",` +
				`"error":"Agent with ID 'agent_123' does not exist in organization 'org_1234567890'"}`,
			contenders: []contender{
				{"net/http by hand, zudu", "", zuduFloor},
				{"agentcopy, zudu", sdkPath, zuduSDK},
			},
		},
		{
			vendor:   "cotool",
			origin:   "https://app.cotool.ai",
			document: func(size int) (any, any) { return whole(cotoolDocument(size)) },
			refusal:  `{"error":"Agent not found"}`, // Cotool documents none
			contenders: []contender{
				{"net/http by hand, cotool", "", cotoolFloor},
				{"agentcopy, cotool", sdkPath, cotoolSDK},
			},
		},
		{
			vendor:   "kolena",
			origin:   "https://agents-api.kolena.com",
			document: func(size int) (any, any) { return whole(kolenaDocument(size)) },
			refusal:  `{"detail":"Agent 123 not found"}`,
			contenders: []contender{
				{"net/http by hand, kolena", "", kolenaFloor},
				{"agentcopy, kolena", sdkPath, kolenaSDK},
			},
		},
	}
}
