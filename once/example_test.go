package once_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/once"
)

var ctx = context.Background()

// newKolena returns a fake of a vendor, a Copier for it, and the ID of an agent to copy.
func newKolena(opts ...agentcopy.Option) (server *agentcopytest.Kolena, copier agentcopy.Copier, sourceID string) {
	server = agentcopytest.NewKolena()
	source := server.AddAgent(kolena.Agent{Name: "Lease reader"})
	client, err := kolena.New("not-a-real-key", append(opts, agentcopy.WithHTTPClient(server.Client()))...)
	if err != nil {
		panic(err)
	}
	return server, client.Copier(kolena.CopyAgentRequest{}), fmt.Sprint(source.ID)
}

// A key stands for one request, for good.
func ExampleRunner_Copy() {
	server, copier, source := newKolena()
	defer server.Close()
	runner := &once.Runner{Ledger: once.NewMemoryLedger()}

	for _, name := range []string{"Hamburg", "Hamburg", "Bremen"} {
		made, err := runner.Copy(ctx, "tenants/1", copier, agentcopy.CopyRequest{SourceID: source, Name: name})
		fmt.Println(name, made.ID, errors.Is(err, once.ErrKeyReused))
	}
	fmt.Println("copies on the server:", len(server.Copies()))
	// Output:
	// Hamburg 2 false
	// Hamburg 2 false
	// Bremen  true
	// copies on the server: 1
}

// What an operator does with an AmbiguousError: look at the candidates, say which
// agent is the copy with Assign, or that some are not with Dismiss, and go on. Here
// the answer to a copy is lost, and a colleague makes an agent of the same name at
// the same moment.
func ExampleAmbiguousError() {
	server, copier, source := newKolena()
	defer server.Close()
	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	request := agentcopy.CopyRequest{SourceID: source, Name: "Hamburg"}

	server.AddAgent(kolena.Agent{Name: "Hamburg"}) // by the colleague
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
	_, err := runner.Copy(ctx, "tenants/hamburg", copier, request)
	ambiguous, ok := errors.AsType[*once.AmbiguousError](err)
	if !ok {
		fmt.Println(err)
		return
	}
	for _, c := range ambiguous.Candidates {
		fmt.Println(c.Copy.ID, c.Copy.Name, c.Match)
	}

	// A person has looked: 3 is the copy. Dismiss(ctx, "tenants/hamburg", "2") would do
	// as well, and the next call would find 3 by itself.
	if err := runner.Assign(ctx, "tenants/hamburg", "3"); err != nil {
		fmt.Println(err)
		return
	}
	copied, err := runner.Copy(ctx, "tenants/hamburg", copier, request)
	fmt.Println(copied.ID, err)
	// Output:
	// 3 Hamburg certain
	// 2 Hamburg certain
	// 3 <nil>
}

// What an operator does with a ledger: see what is settled and what is not, find
// the key that a copy belongs to, and take a key out, so that the next call with
// it makes a copy.
func ExampleLedger() {
	server, copier, source := newKolena()
	defer server.Close()
	ledger := once.NewMemoryLedger()
	runner := &once.Runner{Ledger: ledger}
	for _, name := range []string{"Bremen", "Hamburg"} {
		request := agentcopy.CopyRequest{SourceID: source, Name: name}
		if _, err := runner.Copy(ctx, "tenants/"+name, copier, request); err != nil {
			fmt.Println(err)
			return
		}
	}

	var latest once.Record
	for record, err := range ledger.List(ctx) { // Pending yields those that are sent and not done
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(record.Key, record.Done(), record.Copy.ID)
		latest = record
	}
	owners, err := ledger.Owners(ctx, []once.CopyRef{latest.Ref()})
	fmt.Println(owners[latest.Ref()].Key, err)
	fmt.Println(ledger.Remove(ctx, latest.Key))
	// Output:
	// tenants/Bremen true 2
	// tenants/Hamburg true 3
	// tenants/Hamburg <nil>
	// <nil>
}

// Callers that share a memory ledger make one copy of each key, also at the same time.
func ExampleNewMemoryLedger() {
	server, copier, source := newKolena()
	defer server.Close()
	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	job := once.Job{
		Key:     "tenants/hamburg",
		Copier:  copier,
		Request: agentcopy.CopyRequest{SourceID: source, Name: "Hamburg"},
	}
	for result := range runner.All(ctx, slices.Values([]once.Job{job, job, job})) {
		fmt.Println(result.Copy.ID, result.Err)
	}
	fmt.Println("copies on the server:", len(server.Copies()))
	// Output:
	// 2 <nil>
	// 2 <nil>
	// 2 <nil>
	// copies on the server: 1
}
