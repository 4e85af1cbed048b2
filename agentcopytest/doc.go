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
// Copies shows what was made, Requests what was sent.
//
// # How faithful the fakes are
//
// The fakes follow the vendors' public pages: paths, authentication, required
// fields, names, paging, time stamps and error bodies. Where the pages are silent,
// a fake assumes something. The doc comment of each vendor's type lists its
// assumptions, and WithQuirks changes each of them:
//
//	agentcopytest.NewCotool(agentcopytest.WithQuirks(agentcopytest.Quirks{
//		SecondCopy: agentcopytest.SecondCopy{Status: 200, KeepsSync: true},
//		StaleLists: 2 * time.Minute,
//	}))
//
// No test should rely on an assumption: run it with the quirk as well. Random
// behaviour, such as flapping lists, and the IDs of new agents are the same in each
// run. AddAgent, UpdateAgent and DeleteAgent play the part of colleagues.
//
// To test a Ledger or a Copier of your own, see package once/oncetest.
//
// # Mistakes in a test
//
// The fakes panic when a test asks for nonsense, such as a fault that could never
// show or an agent that the vendor would refuse.
package agentcopytest
