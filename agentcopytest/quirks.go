package agentcopytest

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// Quirks are the behaviours that the vendors' pages leave open. A fake that shares
// the assumptions of the code under test proves nothing, so set the quirks one by
// one and check that your program still works with each.
//
// The zero Quirks are the assumptions listed in the package doc and in those of [Zudu],
// [Cotool], [LangSmith] and [Kolena]. A quirk has no effect on a vendor without the feature, so
// one table of quirks serves all four.
//
// The funcs, except Before, run with the server locked: they must not call it.
type Quirks struct {
	// Names

	// Rename turns the name that was asked for into the one that the copy gets:
	// trimmed, normalised, cut, with a suffix. For Cotool, whose requests ask for no
	// name, it is given the name of the source.
	Rename func(name string) string
	// RefuseName says why the vendor refuses a name, "" if it accepts it. It
	// replaces the fake's own rules.
	RefuseName func(name string) (reason string)
	// NameTaken is the status that answers a copy whose name is taken. One below
	// 300 makes another agent of that name.
	NameTaken int
	// DefaultName is the name of a LangSmith clone whose request asks for none.
	DefaultName func(source string) string

	// Copies

	// CopyStatus answers a copy that was made, such as 200 or 201.
	CopyStatus int
	// CopyFields are fields, by their JSON keys, that a copy does not take from its
	// source, and the values that it has instead; nil leaves the field out.
	CopyFields map[string]any
	// AnswerLacks are JSON keys that are missing from the answer to a copy.
	AnswerLacks []string
	// IDs is how Kolena writes the ID of an agent.
	IDs IDForm
	// AgentCap is how many agents LangSmith lets the caller own. A clone beyond it
	// is refused with 409.
	AgentCap int
	// SecondCopy is what Cotool makes of an agent that is parked.
	SecondCopy SecondCopy

	// Lists

	// ShowAfter is how long after it was made a copy shows in lists.
	ShowAfter time.Duration
	// StaleLists puts a cache in front of the lists. It gives the same answer for
	// this long, with its old Date and a growing Age.
	StaleLists time.Duration
	// StaleGets lets that cache hold single agents too.
	StaleGets bool
	// StaleHeader is set on the cache's answers, such as {"X-Cache": {"HIT"}}. A name
	// without values removes the header.
	StaleHeader http.Header
	// StaleUnmarked leaves Age out and gives the present Date, as a database
	// replica that is behind.
	StaleUnmarked bool
	// HonourNoCache makes the cache ask the vendor when a request says so in
	// Cache-Control or Pragma.
	HonourNoCache bool
	// FlapLists is the share of lists, 0 to 1, that leave out every copy that was
	// made by a request, as a replica that is behind would.
	FlapLists float64
	// ListOrder is the order of a list, whatever the request asks for.
	ListOrder ListOrder
	// NameFilter is what the name filter of Zudu and LangSmith lets through.
	NameFilter NameFilter
	// Audiences makes a LangSmith list show the caller's agents of one visibility:
	// that of the parameter audience, user by default.
	Audiences bool
	// PageSize is the most agents that a page holds, whatever the request asks for.
	PageSize int
	// Totals is what a page says of the pages that follow.
	Totals Totals
	// RepeatLastPage answers a request for a page beyond the last with the last.
	RepeatLastPage bool
	// EchoPageSize makes Kolena's page_size the one that was asked for.
	EchoPageSize bool
	// NullLists makes a page without agents null instead of [].
	NullLists bool
	// ListLacks are JSON keys that are missing from the agents of a list.
	ListLacks []string

	// Times

	// Stamps is the form of time stamps, and the clock they are read from.
	Stamps Stamps
	// DateOffset is how far the clock of the Date header is ahead.
	DateOffset time.Duration
	// NoDate leaves the Date header out.
	NoDate bool

	// Refusals

	// MissingCredential and WrongCredential are the statuses that answer a request
	// without a credential, and one whose credential is not accepted.
	MissingCredential, WrongCredential int
	// ErrorAnswer is what the vendor's own errors look like. It turns the fake's
	// status and body into others. The Content-Type is detected from the body.
	ErrorAnswer func(status int, body string) (int, string)
	// RetryAfter is how a 429 tells how long to wait.
	RetryAfter RetryAfter
	// CountRefused makes the rate limit count the requests that it refuses.
	CountRefused bool

	// Before is called with each request that reaches an endpoint, before the
	// vendor handles it. It may call the server, to play the part of colleagues:
	// agents that come, go and change while a list is read.
	Before func(r Request)
}

// SecondCopy is what Cotool does with an agent that was copied. The copy parks it,
// and no page says how that shows, what the copy keeps, or how a second copy request
// is answered.
type SecondCopy struct {
	// Status answers the second copy; 0 stands for 409. One below 300 makes another
	// copy, or with Same, shows the first one again.
	Status int
	Same   bool
	// KeepsSync leaves syncKey, syncSource and syncFilePath on the copy.
	KeepsSync bool
	// ParkedName is the name that the original gets when it is parked.
	ParkedName func(name string) string
	// DeletedAt is the form of deletedAt on a parked agent, if it differs from that
	// of other stamps.
	DeletedAt StampForm
	// NotDeleted is deletedAt on an agent that is not parked: nil for null, or for
	// example "", 0 or false.
	NotDeleted any
	// ParkedListed shows parked agents in lists.
	ParkedListed bool
	// ParkedHidden answers a GET of a parked agent with 404.
	ParkedHidden bool
}

// ListOrder is the order of the agents in a list.
type ListOrder string

// The list orders. They override the order that a request asks for.
const (
	OrderOldest   ListOrder = "oldest" // the order in which the agents came
	OrderNewest   ListOrder = "newest"
	OrderName     ListOrder = "name"
	OrderShuffled ListOrder = "shuffled" // another one for each request, so pages overlap
)

// NameFilter is what a filter by name lets through. By default that is every
// name that holds the text, in any case.
type NameFilter string

// The name filters other than the default.
const (
	FilterCase    NameFilter = "case"    // the text as it is written
	FilterPrefix  NameFilter = "prefix"  // names that begin with it
	FilterExact   NameFilter = "exact"   // the whole name
	FilterIgnored NameFilter = "ignored" // all names
)

// Totals is what a page says of the pages that follow: by default, the truth.
type Totals string

// The values of Totals other than the default.
const (
	// TotalsZero says 0 and false, and an empty cursor on the last page.
	TotalsZero Totals = "zero"
	// TotalsAbsent says nothing, and leaves the cursor out on the last page.
	TotalsAbsent Totals = "absent"
)

// IDForm is how a number that identifies an agent is written: by default, as
// digits.
type IDForm string

// The forms of an ID other than the default.
const (
	IDString IDForm = "string" // "456"
	IDFloat  IDForm = "float"  // 456.0
)

// Stamps is how a vendor writes time stamps, and the clock they come from. The zero
// Stamps are the documented form and the right time.
type Stamps struct {
	Form StampForm
	// Zone is where the stamps are from; nil for UTC.
	Zone *time.Location
	// ClockOffset is how far the vendor's clock is ahead; negative if it is behind.
	ClockOffset time.Duration
}

// StampForm is one of the forms below, or a layout of package time. A layout that
// names no part of a time is plain text: "a while ago".
type StampForm string

// Forms of a time stamp.
const (
	StampSeconds   StampForm = "2006-01-02T15:04:05Z07:00"
	StampZoneless  StampForm = "2006-01-02T15:04:05"
	StampUnix      StampForm = "unix"      // a number of seconds
	StampUnixMilli StampForm = "unixmilli" // a number of milliseconds
	StampTrue      StampForm = "true"      // the flag true
	StampNull      StampForm = "null"
	StampAbsent    StampForm = "absent" // the field is missing
)

// WithQuirks sets the server's quirks. A later WithQuirks replaces an earlier one. It
// panics if a value makes no sense.
func WithQuirks(q Quirks) ServerOption {
	if nonsense := q.nonsense(); nonsense != "" {
		misuse("WithQuirks: %s", nonsense)
	}
	q.CopyFields = maps.Clone(q.CopyFields)
	q.AnswerLacks, q.ListLacks = slices.Clone(q.AnswerLacks), slices.Clone(q.ListLacks)
	q.StaleHeader = q.StaleHeader.Clone()
	return func(s *Server) { s.quirks = q }
}

// nonsense says what makes no sense in q.
func (q *Quirks) nonsense() string {
	switch {
	case !(q.FlapLists >= 0 && q.FlapLists <= 1): // NaN too
		return fmt.Sprintf("FlapLists %v is not a share, 0 to 1", q.FlapLists)
	case !hasBody(q.CopyStatus):
		return fmt.Sprintf("CopyStatus %d is not the status of an answer with a body", q.CopyStatus)
	}
	return cmp.Or(
		negative("ShowAfter", q.ShowAfter),
		negative("StaleLists", q.StaleLists),
		negative("PageSize", q.PageSize),
		negative("AgentCap", q.AgentCap),
		noStatus("CopyStatus", q.CopyStatus, 200, 299),
		noStatus("NameTaken", q.NameTaken, 200, 599),
		noStatus("SecondCopy.Status", q.SecondCopy.Status, 200, 599),
		noStatus("MissingCredential", q.MissingCredential, 400, 599),
		noStatus("WrongCredential", q.WrongCredential, 400, 599),
		unknown("ListOrder", q.ListOrder, OrderOldest, OrderNewest, OrderName, OrderShuffled),
		unknown("NameFilter", q.NameFilter, FilterCase, FilterPrefix, FilterExact, FilterIgnored),
		unknown("Totals", q.Totals, TotalsZero, TotalsAbsent),
		unknown("IDs", q.IDs, IDString, IDFloat),
		unknown("RetryAfter", q.RetryAfter, RetryAfterNone, RetryAfterDate, RetryAfterEpoch, RetryAfterReset),
		headerNonsense(q.StaleHeader),
	)
}

func negative[N ~int | ~int64](name string, value N) string {
	if value >= 0 {
		return ""
	}
	return name + " is negative"
}

// noStatus says that a status is neither 0 nor one of low to high.
func noStatus(name string, status, low, high int) string {
	if status == 0 || status >= low && status <= high {
		return ""
	}
	return fmt.Sprintf("%s %d is not the status of such an answer, %d to %d", name, status, low, high)
}

// unknown says that a value is neither the default nor one of known.
func unknown[S ~string](name string, value S, known ...S) string {
	if value == "" || slices.Contains(known, value) {
		return ""
	}
	return fmt.Sprintf("%s %q is unknown", name, value)
}
