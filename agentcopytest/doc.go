// Package agentcopytest has in-memory fakes of Zudu, Cotool, LangSmith and Kolena, for
// tests of programs that copy agents.
//
//	srv := agentcopytest.NewKolena()
//	defer srv.Close()
//	source := srv.AddAgent(kolena.Agent{Name: "Lease reader"})
//
//	client, err := kolena.New("any key", agentcopy.WithHTTPClient(srv.Client()))
//	...
//	agent, err := client.CopyAgent(ctx, source.ID, kolena.CopyAgentRequest{Name: "Lease reader 2"})
//
// [Server.Client] needs no socket and works inside a testing/synctest bubble, where a
// minute takes no time. [Server.URL] starts a listener, for tests that need a real
// connection; pass it to agentcopy.WithBaseURL.
//
// # Scripting failures
//
// A copy must not be sent twice, so the failures that matter are those that hide whether
// it was made. [Server.Inject] scripts them:
//
//	srv.Inject(
//		agentcopytest.Fault{Status: 429, Header: http.Header{"Retry-After": {"2"}}}, // refused
//		agentcopytest.Fault{Drop: true},                                             // no answer, no copy
//		agentcopytest.Fault{Drop: true, AfterCopy: true},                            // no answer, but a copy
//		agentcopytest.Fault{Delay: 2 * time.Minute},                                 // made after you stopped waiting
//		agentcopytest.Fault{Truncate: 20},                                           // made, the answer cut off
//	)
//
// [Server.Copies] returns what was made, [Server.Requests] what was sent.
//
// # How faithful the fakes are
//
// The fakes follow the vendors' public pages: paths, authentication, required
// fields, names, paging, time stamps and error bodies. Where the pages are silent,
// a fake assumes something. All assume what follows, unless the vendor documents
// it, and the doc comment of each vendor's type lists what else it assumes. The fields
// of [Quirks] in brackets change it:
//   - A copy has all fields of its source [CopyFields]. The answer has status 200
//     [CopyStatus] and shows all of the copy [AnswerLacks].
//   - A list has the order and the page size that were asked for [ListOrder, PageSize],
//     and counts its pages [Totals, RepeatLastPage]. It shows all of an agent
//     [ListLacks], and of a new one at once [ShowAfter, StaleLists, FlapLists]. An
//     empty one is [] [NullLists].
//   - Stamps are UTC, as precise as in the pages' examples, and the clock is right [Stamps, DateOffset, NoDate].
//   - A missing credential and a wrong one get 401 [MissingCredential,
//     WrongCredential]. Every error is JSON [ErrorAnswer].
//   - No request is refused for a rate limit, unless [WithRateLimit] says so. A 429 has
//     Retry-After [RetryAfter, CountRefused].
//
// For example:
//
//	agentcopytest.NewCotool(agentcopytest.WithQuirks(agentcopytest.Quirks{
//		SecondCopy: agentcopytest.SecondCopy{Status: 200, KeepsSync: true},
//		StaleLists: 2 * time.Minute,
//	}))
//
// No test should rely on an assumption: run it with the quirk as well. Random
// behaviour, such as flapping lists, and the IDs of new agents are the same in each
// run. AddAgent, UpdateAgent and DeleteAgent change agents from outside, as colleagues
// would.
//
// To test a Ledger or a Copier of your own, see package once/oncetest.
//
// # Mistakes in a test
//
// The fakes panic if a test asks for something that makes no sense, such as a fault that
// could never occur or an agent that the vendor would refuse.
package agentcopytest
