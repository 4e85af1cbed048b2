package agentcopy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/agentcopy/agentcopy-go/internal/check"
)

// CopyRequest asks for a copy in words that all vendors understand.
type CopyRequest struct {
	// SourceID is the ID of the agent to copy; Kolena's numbers in decimal.
	SourceID string `json:"source_id"`
	// Name is the name of the copy. It is ignored where the vendor allows none
	// (Cotool).
	Name string `json:"name,omitzero"`
	// IdempotencyKey is the same for every send of one copy, for a vendor that has
	// idempotency keys; none of the four does. Package once sets it on the request
	// that it hands to [Copier].Copy. It is not compared when requests are, and is
	// never stored.
	IdempotencyKey string `json:"-"`
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
	// Body is the vendor's answer to the request, as received. It is nil if FindCopies
	// found the copy or an earlier run made it: a Ledger keeps no answers.
	Body []byte `json:"-"`
	// Attempts are the attempts of the call that made the copy, in order; nil if Body is.
	Attempts []Attempt `json:"-"`
}

// String names the copy and what it was made of.
func (c Copy) String() string {
	if c.ID == "" && c.Name == "" {
		return "no copy"
	}
	return fmt.Sprintf("%s: %s %q, a copy of %s", cmp.Or(c.Provider, "agentcopy"), c.ID, c.Name, c.SourceID)
}

// Format prints the text of String under every verb, so that none prints the
// body.
func (c Copy) Format(f fmt.State, verb rune) { formatText(f, verb, check.OneLine(c.String())) }

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

// Candidate is an agent that a request may have made, as [Copier].FindCopies
// reports it.
type Candidate struct {
	Copy  Copy  `json:"copy"`
	Match Match `json:"match"`
	// Made is when the agent was made, on the caller's clock (Copy.CreatedAt is on
	// the vendor's); zero if unknown.
	Made time.Time `json:"made,omitzero"`
	// Reason tells a person why the agent is only possible, such as
	// "named \"Leases\", made 2s before the request".
	Reason string `json:"reason,omitzero"`
}

// Match says how sure it is that a [Candidate] is the copy.
type Match int

const (
	// MatchPossible: the agent may be the copy. The request must not be sent again,
	// and only a person can say that the agent is the copy.
	MatchPossible Match = iota
	// MatchCertain: the name and whatever else is known agree, and the agent was
	// made since the request.
	MatchCertain
)

// String returns "possible" or "certain".
func (m Match) String() string {
	return valueName("Match", int(m), "possible", "certain")
}

// Copier makes copies on one vendor. The clients of the vendor packages hand one
// out by their method Copier. Write your own for a vendor that this SDK does not
// know, and package once works with it; oncetest.TestCopier tests it.
type Copier interface {
	// Copy sends the request, once. Its error should be an [*Error], whose Outcome
	// says whether a copy was made; after any other error package once assumes
	// that one may have been.
	Copy(ctx context.Context, req CopyRequest) (Copy, error)

	// FindCopies returns the agents that the request may have made at or after
	// since, newest first. since is on the caller's clock; compare it with the
	// vendor's stamps through the Date header of the answers, and leave a margin:
	// stamps may have whole seconds, and clocks differ. A zero since means all
	// time: then agents of that name are possible, and none is certain.
	//
	// An agent is [MatchPossible] if it matches except for its age, or if the vendor
	// may have derived its name from the one asked for. So is a new agent of any other
	// name, since the vendor may have renamed the copy. Leaving one out may make a
	// second copy. [MatchAgent] applies these rules. The source itself is never a
	// candidate.
	//
	// [ErrLookIncomplete], [ErrNameTaken] and [ErrAlreadyDone] may accompany
	// candidates.
	FindCopies(ctx context.Context, req CopyRequest, since time.Time) ([]Candidate, error)

	// Identify returns the identity of a request. It sends nothing.
	Identify(req CopyRequest) Identity
}

// Sentinels that an error of [Copier].FindCopies may match, with or without
// candidates.
var (
	// ErrLookIncomplete: the search may have missed agents, because a cache answered
	// it or the list changed while it was read. Not finding the copy is then no reason
	// to send the request again.
	ErrLookIncomplete = errors.New("the search may not have seen every agent")
	// ErrNameTaken: an agent of exactly that name is older than the request. It
	// explains a refusal such as "the name is taken".
	ErrNameTaken = errors.New("an older agent has the name")
	// ErrAlreadyDone: the vendor shows that the copy was made, whether or not it
	// can be told which agent it is. The request must never be sent again.
	ErrAlreadyDone = errors.New("the vendor shows that the copy was made")
)

// Identity tells the requests of one [Copier] from those of another, beyond what the
// request itself says.
type Identity struct {
	// Provider is the vendor, as in [Error].
	Provider string `json:"provider,omitzero"`
	// Origin is where the agents are: scheme, host, port and the base path of the API.
	// No two agents of one Provider and Origin have the same ID. It holds no credential.
	Origin string `json:"origin,omitzero"`
	// Account is the account that owns the agents, if the client knows it without asking
	// (LangSmith's workspace). Requests with different Accounts are different.
	Account string `json:"account,omitzero"`
	// Template is what every copy of this Copier is made with, such as its target folder.
	// Requests with different Templates are different.
	Template string `json:"template,omitzero"`
	// SourceID is the ID of the source in its canonical form: decimal without
	// leading zeros, lower-case UUIDs. Empty means CopyRequest.SourceID as it is.
	SourceID string `json:"source_id,omitzero"`
	// SearchKey is what FindCopies searches for: the name, if one can be chosen. It cannot
	// tell apart the copies of two requests with the same SearchKey.
	SearchKey string `json:"search_key,omitzero"`
	// Traced means that the Copier's calls are reported to the [Trace] of their
	// context. Package once then records each send right before it.
	Traced bool `json:"-"`
}
