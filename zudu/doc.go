// Package zudu copies voice agents on Zudu. The vendor's pages:
// https://docs.zudu.ai/api-reference/agents/duplicate, get-full and get-agents beside
// it.
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
// Package [github.com/agentcopy/agentcopy-go] describes what is retried, how an
// error tells you whether a copy was made, and the options of every client. Package
// [github.com/agentcopy/agentcopy-go/once] settles unknown outcomes.
//
// # Credentials
//
// A key and a secret, which go out in the headers X-API-KEY and X-API-SECRET to
// https://api.zudu.ai. The organization is that of the pair. [NewFromEnv] reads
// ZUDU_API_KEY, ZUDU_API_SECRET and, where it is set, ZUDU_BASE_URL: these names are
// ours, since Zudu documents none.
//
// # Names and IDs
//
// The name of a copy is required, has 1 to 50 characters once white space around it is
// trimmed, and is unique within the organization. Zudu does not document its answer
// when the name is taken. That a character is a Unicode code point is inferred. An
// agent's ID is any text.
//
// # Limit
//
// Zudu publishes none. Clients send at most 10 requests a second, copies and reads
// together, in bursts of at most 10, unless [agentcopy.WithLimiter] replaces this
// limit.
//
// # When an answer is lost
//
// Zudu documents no idempotency key. The same request sent again may make a second
// agent, or be refused because the name is taken: the pages do not say. Names are
// unique, so [Client.Copier] finds a copy by its name and by when it was made. An
// agent that may be the copy, such as one whose name the server may have changed, is
// reported as possible. Zudu documents a call that deletes an agent; it is not part of
// this SDK.
package zudu
