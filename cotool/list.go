package cotool

import (
	"context"
	"iter"
	"net/http"

	"github.com/agentcopy/agentcopy-go/internal/transport"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

var listAgents = &transport.Operation{Name: "ListAgents", Method: http.MethodGet, Endpoint: transport.ListEndpoint}

var lister = vendorkit.Lister[Agent, string]{
	Vendor:    vendor,
	Operation: listAgents.Name,
	ID:        func(a *Agent) string { return a.ID },
	Received:  (*Agent).received,
}

// ListAgentsRequest narrows [Client.ListAgents].
type ListAgentsRequest struct {
	// Name, if it is set, lists only agents of exactly that name. Cotool has no
	// such filter: the whole list is read, and the client picks them out.
	Name string
}

// ListAgents yields the agents of the organization, in the order in which
// Cotool sends them, which it does not document. They come in one answer. An
// error is yielded once, with a nil agent, and ends the sequence. Ranging over the
// sequence again asks Cotool again.
//
// Cotool does not document whether parked and deleted agents are listed: check
// DeletedAt.
//
// Cotool: GET /api/agents,
// https://docs.cotool.ai/api-reference/agents/list-all-agents
func (c *Client) ListAgents(ctx context.Context, req ListAgentsRequest) iter.Seq2[*Agent, error] {
	agents := lister.List(func(int, string) (vendorkit.Page[Agent], error) { return c.page(ctx, nil) })
	if req.Name == "" {
		return agents
	}
	return vendorkit.Only(agents, func(a *Agent) bool { return a.Name == req.Name })
}

// page gets the list, which is one page.
func (c *Client) page(ctx context.Context, header http.Header) (vendorkit.Page[Agent], error) {
	agents, response, err := transport.Do(ctx, c.made(), &transport.Request{
		Op:     listAgents,
		Path:   agentsPath,
		Header: header,
	}, verifyList)
	if err != nil {
		return vendorkit.Page[Agent]{}, err
	}
	return vendorkit.Page[Agent]{Items: *agents, Response: response}, nil
}

func verifyList(agents *[]Agent) error {
	if *agents == nil {
		return transport.ErrNoList
	}
	return nil
}
