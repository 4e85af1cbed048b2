// Package agentcopytest is what net/http/httptest is to a web server, for the
// four vendors whose agents package agentcopy copies: fakes of Zudu, Cotool,
// LangSmith and Kolena that live in the memory of a test.
//
//	srv := agentcopytest.NewKolena()
//	defer srv.Close()
//	source := srv.AddAgent(kolena.Agent{Name: "Lease reader"})
//
//	client, err := kolena.New("any key", agentcopy.WithHTTPClient(srv.Client()))
//	...
//	agent, err := client.CopyAgent(ctx, source.ID, kolena.CopyAgentRequest{Name: "Lease reader 2"})
//
// Client needs no socket and works inside a testing/synctest bubble, where a
// test of a minute takes no time. URL starts a listener, for what must go over a
// connection; pass it to agentcopy.WithBaseURL.
//
// # What can go wrong, on purpose
//
// A copy is the one request that must not be sent twice, so the failures that
// matter are those that hide whether it was made. Inject scripts them:
//
//	srv.Inject(
//		agentcopytest.Fault{Status: 429, Header: http.Header{"Retry-After": {"2"}}}, // refused
//		agentcopytest.Fault{Drop: true},                                             // no answer, no copy
//		agentcopytest.Fault{Drop: true, AfterCopy: true},                            // no answer, but a copy
//		agentcopytest.Fault{Delay: 2 * time.Minute},                                 // made after you stopped waiting
//		agentcopytest.Fault{Truncate: 20},                                           // made, the answer cut off
//	)
//
// Copies tells what was really made, Requests what was really sent.
//
// # How faithful the fakes are
//
// They do what the vendors' public pages say: paths, authentication, required
// fields, names, paging, the forms of time stamps and error bodies. Where the
// pages are silent a fake has to assume something. The doc comment of each vendor's
// type lists these assumptions, and WithQuirks changes each of them:
//
//	agentcopytest.NewCotool(agentcopytest.WithQuirks(agentcopytest.Quirks{
//		SecondCopy: agentcopytest.SecondCopy{Status: 200, KeepsSync: true},
//		StaleLists: 2 * time.Minute,
//	}))
//
// Let no test rest on an assumption: run it with the quirk as well. What happens by
// chance, such as lists that flap, and the IDs that a fake gives are the same in
// each run. AddAgent, UpdateAgent and DeleteAgent do what colleagues do meanwhile.
//
// # A ledger or a Copier of your own
//
// Package oncetest, below once, tests whether one does what its interface says.
//
// # Faults of the test
//
// What is wrong in a test itself, such as a fault that could never show or an
// agent that the vendor would not have, is a panic with the reason.
package agentcopytest
