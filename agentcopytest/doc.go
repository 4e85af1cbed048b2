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
// pages are silent a fake had to decide, and the doc comment of each vendor's
// type says so; let no test rest on those decisions. Lists come in an order
// that is the same in each run, and so are the IDs that a fake gives.
//
// # A ledger of your own
//
// [TestLedger] tests whether an implementation of once.Ledger does what that
// says.
//
// # Faults of the test
//
// What is wrong in a test itself, such as a fault that could never show or an
// agent that the vendor would not have, is a panic with the reason.
package agentcopytest
