package langsmith

import (
	"context"
	"net/http"
	"net/url"
	"unicode/utf8"

	"github.com/agentcopy/agentcopy-go/internal/transport"
)

var cloneAgent = &transport.Operation{Name: "CloneAgent", Method: http.MethodPost, Endpoint: transport.CopyEndpoint}

// CloneAgentRequest has the options of [Client.CloneAgent]. Every field is optional.
type CloneAgentRequest struct {
	// Name is the name of the clone. Empty leaves it to LangSmith, which does not
	// document the name it gives. A name of your own is what a lost clone can be
	// found by.
	Name string `json:"name,omitzero"`
	// Permissions are those of the clone; they are not copied from the source. nil
	// leaves them to LangSmith. For agents that are created it documents personal
	// identity, visible to the workspace, which may read. That this holds for clones is
	// inferred.
	Permissions *Permissions `json:"permissions,omitzero"`
	// IncludeFiles asks for the clone's Files in the answer.
	IncludeFiles bool `json:"-"`
	// UserTimezone is the IANA name of the time zone, such as
	// "America/Los_Angeles", in which the clone is told the date. Empty, and a
	// name LangSmith does not know, mean UTC.
	UserTimezone string `json:"-"`
}

// CloneAgent copies the agent agentID and returns the new agent, which the
// caller owns: runtime, backend, files, tools, subagents and skills are copied,
// extras and sharing are not.
//
// An agentID that is not a UUID, a name that is not valid UTF-8 and a time zone with a
// control character are [agentcopy.ErrInvalid], and nothing is sent. After any other
// error, check its Outcome before you send the request again: it says whether a copy
// was made.
//
// An empty request is sent as {}: the body is optional, and so are all its properties.
//
// LangSmith: POST /agents/{agent_id}/clone, as the API's last published document says.
func (c *Client) CloneAgent(ctx context.Context, agentID string, req CloneAgentRequest) (*Agent, error) {
	if err := transport.CheckUUID(vendor, cloneAgent, "agentID", agentID); err != nil {
		return nil, err
	}
	if err := req.check(); err != nil {
		return nil, err
	}
	return transport.Do(ctx, c.made().Transport, &transport.Request{
		Op:     cloneAgent,
		Path:   agentsPath,
		ID:     agentID,
		Action: "/clone",
		Query:  filesQuery(req.IncludeFiles),
		Header: req.header(),
		Body:   req,
	}, agents.Verify, agents.Received)
}

// check refuses what could not be sent as it is.
func (r *CloneAgentRequest) check() error {
	if !utf8.ValidString(r.Name) {
		return transport.Invalid(vendor, cloneAgent.Name, "Name", "is not valid UTF-8")
	}
	return transport.CheckHeaderValue(vendor, cloneAgent, "UserTimezone", r.UserTimezone)
}

// filesQuery asks for the files of an agent, if they are to be included.
func filesQuery(include bool) url.Values {
	if !include {
		return nil
	}
	return url.Values{"include_files": {"true"}}
}

func (r *CloneAgentRequest) header() http.Header {
	if r.UserTimezone == "" {
		return nil
	}
	return http.Header{"X-User-Timezone": {r.UserTimezone}}
}
