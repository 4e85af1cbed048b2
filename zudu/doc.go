// Package zudu copies voice agents on [Zudu]:
//
//	client, err := zudu.NewFromEnv() // or New(apiKey, apiSecret)
//	if err != nil {
//		return err
//	}
//	agent, err := client.DuplicateAgent(ctx, "agent_123", zudu.DuplicateAgentRequest{AgentName: "Support, Berlin"})
//	if err != nil {
//		return err // errors.Is(err, agentcopy.ErrOutcomeUnknown): a copy may have been made
//	}
//	fmt.Println(agent.AgentID)
//
// Package [github.com/agentcopy/agentcopy-go] describes retries, errors and options.
// Package [github.com/agentcopy/agentcopy-go/once] finds out what became of a copy whose
// answer was lost.
//
// # Credentials
//
// A key and a secret, sent in the headers X-API-KEY and X-API-SECRET to
// https://api.zudu.ai. They also determine the organization. [NewFromEnv] reads
// ZUDU_API_KEY, ZUDU_API_SECRET and, if set, ZUDU_BASE_URL. The names are this SDK's:
// Zudu documents none.
//
// # Limits
//
// Zudu documents none. Clients send 10 requests a second on average, copies and reads
// together, in bursts of up to 10. [agentcopy.WithLimiter] changes the pace of copies,
// [agentcopy.WithReadLimiter] that of reads.
//
// # When an answer is lost
//
// Zudu documents no idempotency key. It does not say whether the same request, sent
// again, makes a second agent or is refused because the name is taken. Names are unique,
// so [Client.Copier] finds a copy by its name and by when it was made. Zudu documents a
// call that deletes an agent; this SDK does not have it.
//
// # What Zudu documents, and what it does not
//
// Documented: the calls ([duplicate], [get], [list]) and their fields; that the name of a
// copy is required, has at most 50 characters once it is trimmed, and is unique within
// the organization. An agent's ID is any text.
//
// Not documented, so inferred: that a character is a Unicode code point; that stamps
// without a zone are UTC.
//
// docs/assumptions.md says what happens if an assumption is wrong.
//
// [Zudu]: https://docs.zudu.ai/api-reference/introduction
// [duplicate]: https://docs.zudu.ai/api-reference/agents/duplicate
// [get]: https://docs.zudu.ai/api-reference/agents/get-full
// [list]: https://docs.zudu.ai/api-reference/agents/get-agents
package zudu
