package once

import (
	"fmt"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// Record is what a [Ledger] keeps of one key.
type Record struct {
	Key      string                `json:"key"`
	Identity agentcopy.Identity    `json:"identity,omitzero"`
	Request  agentcopy.CopyRequest `json:"request"`

	// Since is right before the request was sent for the first time: what is older
	// cannot be the copy. It is zero until then.
	Since time.Time `json:"since,omitzero"`
	// SentAt is when the latest send ended. If it is still under way, or its process
	// died, SentAt is the latest time at which it can end. Zero if nothing that may have
	// made a copy was sent. The request is not sent again until SettleTime has passed
	// since SentAt.
	SentAt time.Time `json:"sent_at,omitzero"`
	// LookedAt is when the first look since SentAt began that saw everything. Zero
	// if there was none.
	LookedAt time.Time `json:"looked_at,omitzero"`
	// Sends is how often the request was sent or was about to be.
	Sends int `json:"sends"`
	// Outcome is OutcomeCopied once an answer named or reported a copy that the record
	// does not name: the request is never sent again. Until then it is OutcomeUnknown.
	Outcome agentcopy.Outcome `json:"outcome,omitzero"`
	// Seen are agents that looks showed and that may be the copy.
	Seen []agentcopy.Candidate `json:"seen,omitzero"`
	// Dismissed are the IDs of agents that a person said are not the copy; see
	// [Runner.Dismiss].
	Dismissed []string `json:"dismissed,omitzero"`

	// Copy is the zero Copy until the record is done.
	Copy agentcopy.Copy `json:"copy,omitzero"`
	// Found means that the Copy was found by looking for it, or assigned by a
	// person: no answer named it.
	Found bool `json:"found,omitzero"`

	// Token tells the claims of a key apart. The ledger sets it in Begin.
	Token uint64 `json:"-"`
}

// Done reports whether the copy is made and known.
func (r *Record) Done() bool { return r.Copy.ID != "" }

// Sent reports whether a request was sent that may have made a copy.
func (r *Record) Sent() bool { return !r.SentAt.IsZero() }

// SameRequest reports whether two records stand for the same request: the same
// source and name, on the same vendor, origin and account, with the same template.
func (r *Record) SameRequest(other *Record) bool {
	return r.Request.SourceID == other.Request.SourceID && r.Request.Name == other.Request.Name &&
		scope(r.Identity) == scope(other.Identity)
}

// scope is the part of id that tells vendors, their accounts and templates apart.
func scope(id agentcopy.Identity) agentcopy.Identity {
	return agentcopy.Identity{Provider: id.Provider, Origin: id.Origin, Account: id.Account, Template: id.Template}
}

// Ref identifies the copy of a record that is done.
func (r *Record) Ref() CopyRef { return refOf(r, r.Copy) }

// refOf is what c is known by as the copy of r.
func refOf(r *Record, c agentcopy.Copy) CopyRef {
	return CopyRef{Origin: r.Identity.Origin, Provider: c.Provider, ID: c.ID}
}

// CopyRef identifies an agent across vendors. No two keys of a [Ledger] have the same
// one.
type CopyRef struct{ Origin, Provider, ID string }

// String returns a text that no other CopyRef has, the same with every release of Go.
func (r CopyRef) String() string { return fmt.Sprintf("%+q %+q %+q", r.Origin, r.Provider, r.ID) }

// ShowsKeptName reports whether an answer named the copy of r, and the copy has
// exactly the name that was asked for; see [Index].
func (r *Record) ShowsKeptName() bool {
	return r.Done() && !r.Found && r.Copy.Name != "" && r.Copy.Name == r.Identity.SearchKey
}
