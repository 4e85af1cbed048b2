package agentcopy

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// CopyRequest asks for a copy in words that all vendors understand.
type CopyRequest struct {
	// SourceID is the ID of the agent to copy; Kolena's numbers in decimal.
	SourceID string `json:"source_id"`
	// Name is the name of the copy. It is ignored where the vendor allows none
	// (Cotool).
	Name string `json:"name,omitzero"`
}

// Copy is an agent that a CopyRequest made.
//
// Printing a Copy, logging it or marshalling it to JSON leaves Body out, which
// may hold user data.
type Copy struct {
	Provider  string    `json:"provider"` // "zudu", "cotool", "langsmith" or "kolena"
	SourceID  string    `json:"source_id"`
	ID        string    `json:"id"`
	Name      string    `json:"name,omitzero"`
	CreatedAt time.Time `json:"created_at,omitzero"` // zero if the vendor did not say
	// Body is the vendor's answer to the request, as received. It is nil when
	// there is none to show: the copy was found by looking for it, or was made
	// by an earlier run, of which a Ledger keeps no answers.
	Body []byte `json:"-"`
}

// String names the copy and what it was made of.
func (c Copy) String() string {
	return fmt.Sprintf("%s: %s %q, a copy of %s", orElse(c.Provider, "agentcopy"), c.ID, c.Name, c.SourceID)
}

// Format prints the text of String under every verb, so that none prints the
// body.
func (c Copy) Format(f fmt.State, verb rune) { formatText(f, verb, oneLine(c.String())) }

// LogValue is what slog writes: everything but the body.
func (c Copy) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("provider", c.Provider),
		slog.String("source_id", c.SourceID),
		slog.String("id", c.ID),
		slog.String("name", c.Name),
		slog.Time("created_at", c.CreatedAt),
	)
}

// Copier makes copies on one vendor. The clients of the vendor packages hand one
// out by their method Copier; write your own for a vendor that this SDK does not
// know, and [Once] works with it.
type Copier interface {
	// Copy sends the request, once. Its error should be an [*Error], whose
	// Outcome says whether a copy was made all the same; of any other error Once
	// assumes that one may have been.
	Copy(ctx context.Context, req CopyRequest) (Copy, error)

	// FindCopies looks for agents that the request may have made at or after
	// since, newest first. since is on the caller's clock; implementations correct
	// it by the Date header of the answers they read. The source itself is no
	// copy.
	//
	// An agent that would match, but of which it cannot be told whether it was
	// there before, is returned among the others together with an error that
	// matches [ErrAmbiguous]: leaving it out might make a second copy, and taking
	// it for the copy might be wrong.
	FindCopies(ctx context.Context, req CopyRequest, since time.Time) ([]Copy, error)
}

// Identity says what a [Copier] makes of a request, beyond the request itself.
type Identity struct {
	// Provider is the vendor, as in [Error].
	Provider string `json:"provider,omitzero"`
	// Origin is where the agents are: no two of one Provider and Origin have the
	// same ID. It holds no credential.
	Origin string `json:"origin,omitzero"`
	// Template is what every copy of this Copier is made with, such as the folder
	// it is put in. Another Template makes another request.
	Template string `json:"template,omitzero"`
	// Mark is what FindCopies knows the copy by. Two requests with the same Mark
	// make copies that it cannot tell apart.
	Mark string `json:"mark,omitzero"`
}

// Identifier may be implemented by a [Copier], and is by those of the vendor
// packages. Without it, [Once] tells requests apart by the CopyRequest alone,
// and takes the name for what a copy is known by. A Copier that wraps another
// one should pass its Identify on.
type Identifier interface {
	Identify(req CopyRequest) Identity
}
