package once_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/once"
)

// A key stands for one request, for good.
func ExampleRunner_Copy() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	source := fmt.Sprint(server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID)
	client, err := kolena.New(apiKey, inMemory(server)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	copier := client.Copier(kolena.CopyAgentRequest{})
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

// Where several agents could be the copy, nothing is sent: the error lists them.
// Here an agent of the name is made by hand, and then the answer is lost.
func ExampleRunner_Copy_ambiguous() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	source := fmt.Sprint(server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID)
	client, err := kolena.New(apiKey, inMemory(server)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	server.AddAgent(kolena.Agent{Name: "Hamburg"})
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})

	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	_, err = runner.Copy(ctx, "tenants/1", client.Copier(kolena.CopyAgentRequest{}), agentcopy.CopyRequest{SourceID: source, Name: "Hamburg"})
	fmt.Println(errors.Is(err, once.ErrAmbiguous), errors.Is(err, agentcopy.ErrOutcomeUnknown))
	fmt.Println("requests for a copy:", countCopyRequests(server.Requests()))
	// Output:
	// true true
	// requests for a copy: 1
}

func countCopyRequests(requests []agentcopytest.Request) int {
	n := 0
	for _, r := range requests {
		if strings.HasSuffix(r.Path, "/copy") {
			n++
		}
	}
	return n
}

// While another process is at work on a key, nothing is sent. Here Begin stands
// for the other process.
func ExampleRunner_Copy_inProgress() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	client, err := kolena.New(apiKey, inMemory(server)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	copier := client.Copier(kolena.CopyAgentRequest{})
	request := agentcopy.CopyRequest{SourceID: "1", Name: "Hamburg"}
	ledger := once.NewMemoryLedger()
	identity := copier.(agentcopy.Identifier).Identify(request)
	if _, _, err := ledger.Begin(ctx, once.Record{Key: "tenants/1", Identity: identity, Request: request}, time.Hour); err != nil {
		fmt.Println(err)
		return
	}

	_, err = (&once.Runner{Ledger: ledger}).Copy(ctx, "tenants/1", copier, request)
	fmt.Println(errors.Is(err, once.ErrInProgress), len(server.Requests()))
	// Output: true 0
}

// What an operator does with a ledger: see what is settled and what is not, find
// the key that a copy belongs to, and take a key out, so that the next call with
// it makes a copy.
func ExampleLedger() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	source := fmt.Sprint(server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID)
	client, err := kolena.New(apiKey, inMemory(server)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	ledger := once.NewMemoryLedger()
	runner := &once.Runner{Ledger: ledger}
	for _, name := range []string{"Bremen", "Hamburg"} {
		request := agentcopy.CopyRequest{SourceID: source, Name: name}
		if _, err := runner.Copy(ctx, "tenants/"+name, client.Copier(kolena.CopyAgentRequest{}), request); err != nil {
			fmt.Println(err)
			return
		}
	}

	var latest once.Record
	for record, err := range ledger.List(ctx) { // Pending yields those that are not done
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(record.Key, record.Done(), record.Copy.ID)
		latest = record
	}
	owner, found, err := ledger.Owner(ctx, latest.Ref())
	fmt.Println(owner.Key, found, err)
	fmt.Println(ledger.Remove(ctx, latest.Key))
	// Output:
	// tenants/Bremen true 2
	// tenants/Hamburg true 3
	// tenants/Hamburg true <nil>
	// <nil>
}

// A memory ledger is as good as any while the process lives: callers that share
// it, at the same time too, make one copy of each key.
func ExampleNewMemoryLedger() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	source := fmt.Sprint(server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID)
	client, err := kolena.New(apiKey, inMemory(server)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	job := once.Job{
		Key:     "tenants/hamburg",
		Copier:  client.Copier(kolena.CopyAgentRequest{}),
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

// What a Ledger compares: whether two records stand for the same request, and
// what the copy of one that is done is known by.
func ExampleRecord() {
	record := once.Record{
		Key:      "tenants/hamburg",
		Identity: agentcopy.Identity{Provider: "kolena", Origin: "https://agents-api.kolena.com"},
		Request:  agentcopy.CopyRequest{SourceID: "17", Name: "Hamburg"},
	}
	other := record
	other.Request.Name = "Bremen"
	fmt.Println(record.Done(), record.SameRequest(&record), record.SameRequest(&other))

	record.Copy = agentcopy.Copy{Provider: "kolena", SourceID: "17", ID: "42", Name: "Hamburg"}
	fmt.Println(record.Done(), record.Ref())
	// Output:
	// false true false
	// true "https://agents-api.kolena.com" "kolena" "42"
}

// reported is a Copier that says what it is asked for. It wraps another one, and
// so passes its Identify on: without, Once could not tell two vendors apart.
type reported struct{ agentcopy.Copier }

func (r reported) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	fmt.Println("asking for", req.Name)
	return r.Copier.Copy(ctx, req)
}

func (r reported) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	return r.Copier.(agentcopy.Identifier).Identify(req)
}

func ExampleCopier() {
	server := agentcopytest.NewKolena()
	defer server.Close()
	source := fmt.Sprint(server.AddAgent(kolena.Agent{Name: "Lease reader"}).ID)
	client, err := kolena.New(apiKey, inMemory(server)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	runner := &once.Runner{Ledger: once.NewMemoryLedger()}
	copier := reported{client.Copier(kolena.CopyAgentRequest{})}
	made, err := runner.Copy(ctx, "tenants/hamburg", copier, agentcopy.CopyRequest{SourceID: source, Name: "Hamburg"})
	fmt.Println(made, err)
	// Output:
	// asking for Hamburg
	// kolena: 2 "Hamburg", a copy of 1 <nil>
}
