package toyvendor

import (
	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// Agent is an agent as Acme shows it.
type Agent struct {
	ID        string         `json:"id"`
	Name      string         `json:"name,omitzero"`
	CreatedAt agentcopy.Time `json:"created_at,omitzero"`

	Response *agentcopy.Response `json:"-"`
}

// verifyAgent says whether an answer can be used.
func verifyAgent(a *Agent) error {
	if a.ID == "" {
		return transport.ErrNoID
	}
	return nil
}
