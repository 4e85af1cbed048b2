package toyvendor

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
	"github.com/agentcopy/agentcopy-go/internal/vendorkit"
)

var listAgents = &transport.Operation{Name: "ListAgents", Method: http.MethodGet, Endpoint: transport.ListEndpoint}

var lister = vendorkit.Lister[Agent, string]{
	Vendor:    vendor,
	Operation: listAgents.Name,
	ID:        func(a *Agent) string { return a.ID },
	Received:  func(a *Agent, r *agentcopy.Response) { a.Response = r },
}

// listAnswer is one page of the list.
type listAnswer struct {
	Agents []Agent `json:"agents"`
	More   bool    `json:"more"`
}

// ListAgents yields the agents, a page at a time.
func (c *Client) ListAgents(ctx context.Context) iter.Seq2[*Agent, error] {
	return lister.List(c.pages(ctx, nil))
}

// pages gets the pages of the list.
func (c *Client) pages(ctx context.Context, header http.Header) func(int, string) (vendorkit.Page[Agent], error) {
	return func(number int, _ string) (vendorkit.Page[Agent], error) {
		answer, response, err := transport.Do(ctx, c.transport, transport.Request{
			Op:     listAgents,
			Path:   "/v1/agents",
			Query:  url.Values{"page": {strconv.Itoa(number)}},
			Header: header,
		}, verifyList)
		if err != nil {
			return vendorkit.Page[Agent]{}, err
		}
		return vendorkit.Page[Agent]{Items: answer.Agents, More: answer.More, Response: response}, nil
	}
}

func verifyList(answer *listAnswer) error {
	if answer.Agents == nil {
		return transport.ErrNoList
	}
	return nil
}
