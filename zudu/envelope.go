package zudu

import (
	"strings"

	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// envelope is what every answer of Zudu is wrapped in.
type envelope[T any] struct {
	Status string `json:"status"`
	Data   T      `json:"data"`
}

// failed reports whether the answer says itself that the call failed, whatever
// its status.
func (e *envelope[T]) failed() bool { return strings.EqualFold(e.Status, "error") }

func verifyAgent(answer *envelope[Agent]) error {
	switch {
	case answer.failed():
		return transport.ErrRefused
	case strings.TrimSpace(answer.Data.AgentID) == "":
		return transport.ErrNoID
	}
	return nil
}
