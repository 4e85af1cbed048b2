// Package agentcopy provides the options, errors and limiters shared by the clients
// of four AI-agent vendors. Each lets a program copy an agent with one POST:
//
//   - [github.com/agentcopy/agentcopy-go/zudu]: DuplicateAgent
//   - [github.com/agentcopy/agentcopy-go/cotool]: CopyAgent
//   - [github.com/agentcopy/agentcopy-go/langsmith]: CloneAgent
//   - [github.com/agentcopy/agentcopy-go/kolena]: CopyAgent
//
// None of them documents an idempotency key, so the same request sent twice
// makes two agents. Common HTTP clients retry such a POST on every 5xx and on
// every broken connection. This SDK keeps five promises instead:
//
//  1. No duplicate by accident. By default an attempt is retried only on proof
//     that it made no copy.
//  2. No copy lost from sight. Every error tells you whether a copy was made: see
//     [Outcome].
//  3. Exactly once where the copy can be recognised, at most once and an error that
//     says so where it cannot. That is package
//     [github.com/agentcopy/agentcopy-go/once], over lost answers, crashes and
//     restarts.
//  4. No limit exceeded. All clients in a process with the same credential share one
//     limiter. It keeps them within the vendor's documented limit as the server
//     counts it, and a 429 pauses them all. Module redislimiter does the same across
//     processes.
//  5. No secret leaks. Credentials go only to the configured origin, and appear in
//     no error, log or printed value.
//
// # How to begin
//
// A client takes the vendor's credentials and any number of options, and is safe
// for concurrent use. Every error of a client is an [*Error]:
//
//	client, err := kolena.New(apiKey, agentcopy.WithUserAgent("migrator/1.4"))
//	if err != nil {
//		return err
//	}
//	agent, err := client.CopyAgent(ctx, 123, kolena.CopyAgentRequest{Name: "Leases, Berlin"})
//	switch {
//	case err == nil:
//		fmt.Println(agent.ID)
//	case errors.Is(err, agentcopy.ErrOutcomeUnknown), errors.Is(err, agentcopy.ErrCopied):
//		// find the copy; sending again could make a second one
//	default:
//		// no copy was made
//	}
//
// Package once finds the copy for you. It works with the [Copier] of any vendor. The
// package documentation of each vendor says how its copies are recognised.
//
// # What is retried
//
// The table is for copies under [RetrySafe], the default. The first matching row
// applies:
//
//	what happened to the attempt                           outcome    retried
//	the limiter, a Trace or the context ended it before
//	  the request left                                     NotCopied  no
//	DNS, dial or TLS handshake failed, or the request
//	  provably never left                                  NotCopied  yes; bad certificates and
//	                                                                  refusals by a proxy: no
//	429                                                    NotCopied  yes, after Retry-After
//	301, 307, 308, never followed                          NotCopied  no
//	400 401 404 405 407 411 413 414 415 421 426 431; any
//	  other 4xx but 408, 460 and 499 whose body is empty
//	  or JSON                                              NotCopied  no
//	503, with Retry-After or without; any other 5xx; 300,
//	  302 to 306; 408, 460, 499; other 4xx with a page;
//	  a status that does not exist                         Unknown    no
//	timeout, reset or end of the connection or HTTP/2
//	  stream after the request left; a transport that
//	  gives no proof                                       Unknown    no
//	2xx with the new agent's ID, not from a cache          success
//	200, 201 or 204 whose body is empty; is cut off or too
//	  large after it began as an object; or is an object
//	  that has no ID and reports no error                  Copied     no
//	any other 2xx: 202, a page, malformed JSON, null, an
//	  encoding that cannot be read, an object that reports
//	  an error; or one from a cache                        Unknown    no
//
// A 503 proves nothing, with or without Retry-After: a proxy may send it after the
// vendor made the copy. A 4xx with an HTML page may come from a proxy that refused
// the vendor's answer, not your request. An object reports an error if it has an
// error or detail, "success": false, or a status other than "success".
//
// The outcome of a call is OutcomeCopied if any attempt's was, else OutcomeUnknown
// if any attempt's was, else OutcomeNotCopied. Reads are retried after every
// transient failure: 408, 429, 5xx except 501, network errors and truncated answers.
//
// [RetryNever] makes one attempt. [RetryAlways] retries unknown outcomes too, and
// so may make several copies. It does not retry a 2xx whose body is a JSON object.
//
// # What a call waits for
//
// Before each attempt, a call waits for the end of a pause that the vendor asked for,
// and then for the limiter. Between attempts it waits for Retry-After or the backoff.
// A call ends at once, with the error it has, rather than begin a pause longer than
// [RetryPolicy].MaxWait, or any wait that would pass the deadline of its context. A
// 429, and a 503 with Retry-After, pause every client in the process with the same
// vendor, origin and credential.
//
// # Testing
//
// Package [github.com/agentcopy/agentcopy-go/agentcopytest] has in-memory fakes
// of the four vendors. The SDK's own tests use them too.
package agentcopy
