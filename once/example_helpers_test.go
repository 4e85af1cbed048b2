package once_test

import (
	"context"
	"net/http"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// What the examples share.
var (
	ctx    = context.Background()
	apiKey = "not-a-real-key"
)

// inMemory are the options of a client that reaches a fake without a socket.
func inMemory(server interface{ Client() *http.Client }) []agentcopy.Option {
	return []agentcopy.Option{agentcopy.WithHTTPClient(server.Client())}
}
