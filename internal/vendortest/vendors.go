package vendortest

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
)

// Vendors are all vendors, for the tests that run over them. A new one is added
// here, and has a file of its own beside this one.
var Vendors = []*Vendor{newZudu(), newCotool(), newLangSmith(), newKolena()}

// Vendor is what the tests have to know of a vendor.
type Vendor struct {
	Name     string
	BasePath string // of the base URL: "" for none
	SourceID string // the agent that Operations copy
	CopyID   string // the agent that they read

	// New returns a client, a *zudu.Client for example. Its credentials begin with key.
	New    func(key string, opts ...agentcopy.Option) (any, error)
	Copier func(client any) agentcopy.Copier
	With   func(client any, opts ...agentcopy.Option) (any, error)
	// FromEnv is New with what the environment says in KeyVars and in URLVar.
	FromEnv func(opts ...agentcopy.Option) (any, error)
	KeyVars []string
	URLVar  string
	BaseURL string // without BasePath
	// NotMade are a nil client and one that New did not make.
	NotMade    []any
	Operations []*Operation

	NewFake func(opts ...agentcopytest.ServerOption) *Fake
	Shape   Shape

	// A copy request made by hand.
	Header   func(key string) http.Header
	CopyPath string // below BasePath; * stands for the ID
	CopyBody string // * stands for the name
	Success  int    // the status of its answer
}

// Fake is a vendor's fake, behind a face that all vendors share.
type Fake struct {
	*agentcopytest.Server
	// Add adds an agent that can be copied. An empty ID or name is left to the fake.
	Add func(id, name string) (newID string)
	// Update gives an agent another name and another time of creation.
	Update func(id, name string, created agentcopy.Time)
}

// Shape is the form of a vendor's documents.
type Shape struct {
	List, Get string // targets below BasePath; * stands for the ID
	// Page is a page of a list: % stands for the agents, ~ for what says whether
	// more follow.
	Page string
	// Agent is an agent: @ stands for its ID, $ for its name, # for the time of its
	// creation, ^ for that of its last edit, & for Config.
	Agent  string
	Config string // a field that a copy has from its source; % stands for its value
	Got    string // the answer to a GET of an agent; % stands for the agent
	Made   string // that to a copy, if it has another form
	OddID  string // an ID of a type that no ID has
	// Refusal is a success by status and a failure by its text; "" where there is no
	// such thing.
	Refusal string
	// ID is the n-th ID as JSON. The first is that of SourceID.
	ID func(n int) string
	// More says whether pages follow the page with a number, from 0, of a list.
	More func(number, pages int) string
	// PageOf is the number of the page that a request asks for, from 0.
	PageOf func(r Request) int

	Agents, Copied         []string // the path of fields to the agents of a list, and to the agent in the answer to a copy
	IDKey, NameKey         string
	CreatedKey, CopiedText string // CopiedText: a text that a copy has from its source
}

// ByName reports whether a read asks for a list filtered by name: Zudu's is a POST.
func (Shape) ByName(r Request) bool { return r.Method == http.MethodPost || r.Query().Has("name") }

func ForEach(t *testing.T, test func(t *testing.T, v *Vendor)) {
	for _, v := range Vendors {
		t.Run(v.Name, func(t *testing.T) { test(t, v) })
	}
}

// NewCopier returns the Copier of a new client. No other test has its credential.
func (v *Vendor) NewCopier(opts ...agentcopy.Option) (agentcopy.Copier, error) {
	client, err := v.New(Key(), opts...)
	return v.Copier(client), err
}

// NewClient returns a client of type C, a *zudu.Client for example, that sends
// through wire. No other test has its credential.
func NewClient[C any](t testing.TB, wire http.RoundTripper, opts ...agentcopy.Option) C {
	t.Helper()
	for _, v := range Vendors {
		if _, ok := v.NotMade[0].(C); ok {
			through := agentcopy.WithHTTPClient(&http.Client{Transport: wire})
			client, err := v.New(Key(), append([]agentcopy.Option{through}, opts...)...)
			require.NoError(t, err)
			return client.(C)
		}
	}
	panic(fmt.Sprintf("no vendor has a %T", *new(C)))
}

// FakeCopier returns the vendor's fake with an agent to copy, and a Copier that
// calls the fake. The fake is closed when the test ends.
func (v *Vendor) FakeCopier(t testing.TB, opts ...agentcopytest.ServerOption) (fake *Fake, copier agentcopy.Copier, sourceID string) {
	t.Helper()
	fake = v.NewFake(opts...)
	t.Cleanup(fake.Close)
	copier, err := v.NewCopier(agentcopy.WithHTTPClient(fake.Client()))
	require.NoError(t, err)
	return fake, copier, fake.Add("", "source")
}

func Named(name string) *Vendor {
	return Vendors[slices.IndexFunc(Vendors, func(v *Vendor) bool { return v.Name == name })]
}

// Operation returns the first operation for which is reports true.
func (v *Vendor) Operation(is func(*Operation) bool) *Operation {
	return v.Operations[slices.IndexFunc(v.Operations, is)]
}

func Copies(o *Operation) bool { return o.Copies }

func Gets(o *Operation) bool { return o.Name == "GetAgent" }

func Lists(o *Operation) bool { return o.Name == "ListAgents" }

// Operation is a method of a vendor's client that sends a request.
type Operation struct {
	Vendor  *Vendor
	Name    string // as in [agentcopy.Error.Operation]
	Variant string // tells operations of one name apart
	Copies  bool
	NoBody  bool // it is a POST without a body
	Do      calls
	Answers Answers
}

func (o *Operation) String() string { return o.Vendor.Name + "." + o.Name + o.Variant }

// Connect makes a client whose credentials begin with key.
func (o *Operation) Connect(key string, opts ...agentcopy.Option) (*Caller, error) {
	client, err := o.Vendor.New(key, opts...)
	return &Caller{client, func(ctx context.Context) (*Result, error) { return o.Do(ctx, client) }}, err
}

// Caller is a client, and the one method of it that is called.
type Caller struct {
	Client any
	Do     func(ctx context.Context) (*Result, error)
}

type Result struct {
	ID       string // of the first agent
	Value    any    // the typed answer
	Response *agentcopy.Response
}

// Answers are bodies with which a vendor answers an operation.
type Answers struct {
	Good     string // as documented
	Mistyped string // a field that does not matter has another type
	NoID     string // the agent has no ID
	OtherID  string // the ID has a type that no ID has; "" where lists tolerate it
	Refusal  string // see [Shape]
}

const (
	sourceUUID = "3c90c3cc-0d44-4b50-8888-000000000001"
	copyUUID   = "3c90c3cc-0d44-4b50-8888-000000000002"
)

// uuid is the n-th ID of the vendors whose IDs are UUIDs, as JSON.
func uuid(n int) string { return fmt.Sprintf(`"3c90c3cc-0d44-4b50-8888-%012d"`, n) }

// SecondSecret ends the second of the two credentials that Zudu has.
const SecondSecret = "-the/second+secret="

// Operations are those of all vendors.
func Operations() []*Operation {
	var all []*Operation
	for _, v := range Vendors {
		all = append(all, v.Operations...)
	}
	return all
}

// IsCopy reports whether a request asks for a copy.
func IsCopy(method, path string) bool {
	return method == http.MethodPost && slices.ContainsFunc(Vendors, func(v *Vendor) bool {
		return strings.HasSuffix(path, v.CopyPath[strings.LastIndex(v.CopyPath, "/"):])
	})
}

// setClient sets what a vendor does through clients of type C.
func setClient[T any, C interface {
	*T
	With(opts ...agentcopy.Option) (C, error)
}](
	v *Vendor, newClient func(key string, opts ...agentcopy.Option) (C, error),
	fromEnv func(opts ...agentcopy.Option) (C, error), copier func(C) agentcopy.Copier,
) {
	v.New = func(key string, opts ...agentcopy.Option) (any, error) { return newClient(key, opts...) }
	v.FromEnv = func(opts ...agentcopy.Option) (any, error) { return fromEnv(opts...) }
	v.With = func(client any, opts ...agentcopy.Option) (any, error) { return client.(C).With(opts...) }
	v.Copier = func(client any) agentcopy.Copier { return copier(client.(C)) }
	v.NotMade = []any{C(nil), C(new(T))}
}

// calls is an operation: the call of a client, and what comes of it.
type calls func(ctx context.Context, client any) (*Result, error)

// setOperations gives a vendor its operations, and these the answers that its shape
// makes.
func (v *Vendor) setOperations(copyName string, makeCopy, get, list calls) {
	page := v.answers(strings.Replace(v.Shape.Page, "~", v.Shape.More(0, 1), 1))
	page.NoID, page.OtherID = strings.Replace(v.Shape.Got, "%", "{}", 1), ""
	// With another type, a name would not pass the filter by name.
	page.Mistyped = strings.Replace(page.Good, `"A copy"`, fmt.Sprintf(`"A copy",%q:7`, v.Shape.CopiedText), 1)
	made := v.answers(cmp.Or(v.Shape.Made, v.Shape.Got))
	// Long enough to outlast an attempt when it trickles: see internal/conformance.
	long := fmt.Sprintf(`"A copy",%q:"2026-05-15T20:50:32.708302+00:00",%q:"It reads leases, and says what they cost."`,
		v.Shape.CreatedKey, v.Shape.CopiedText)
	made.Good = strings.Replace(made.Good, `"A copy"`, long, 1)
	v.Operations = []*Operation{
		{Vendor: v, Name: copyName, Copies: true, NoBody: v.CopyBody == "", Do: makeCopy, Answers: made},
		{Vendor: v, Name: "GetAgent", Do: get, Answers: v.answers(v.Shape.Got)},
		{Vendor: v, Name: "ListAgents", Do: list, Answers: page},
	}
}

// answers are those with the form of document, in which % stands for the agent.
func (v *Vendor) answers(document string) Answers {
	with := func(id, name string) string {
		agent := fmt.Sprintf(`{%q:%s,%q:%s}`, v.Shape.IDKey, id, v.Shape.NameKey, name)
		return strings.Replace(document, "%", agent, 1)
	}
	return Answers{
		Good:     with(v.Shape.ID(2), `"A copy"`),
		Mistyped: with(v.Shape.ID(2), `7`),
		NoID:     strings.Replace(document, "%", fmt.Sprintf(`{%q:"A copy"}`, v.Shape.NameKey), 1),
		OtherID:  with(v.Shape.OddID, `"A copy"`),
		Refusal:  v.Shape.Refusal,
	}
}

// on is the Do of an operation of clients of type C, whose agents are of type A.
func on[C, A any](result func(*A) *Result, call func(ctx context.Context, client C) (*A, error)) calls {
	return func(ctx context.Context, client any) (*Result, error) {
		agent, err := call(ctx, client.(C))
		if err != nil {
			return nil, err
		}
		return result(agent), nil
	}
}

// onList is the Do of a list, which is read to its end. Its result is of the first
// agent.
func onList[C, A any](result func(*A) *Result, list func(ctx context.Context, client C) iter.Seq2[*A, error]) calls {
	return func(ctx context.Context, client any) (*Result, error) {
		found := &Result{}
		for agent, err := range list(ctx, client.(C)) {
			if err != nil {
				return nil, err
			}
			if found.Value == nil {
				found = result(agent)
			}
		}
		return found, nil
	}
}
