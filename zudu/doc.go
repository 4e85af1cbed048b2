// Package zudu copies voice agents on Zudu, by the call that
// https://docs.zudu.ai/api-reference/agents/duplicate describes.
//
//	client, err := zudu.NewFromEnv() // or New(apiKey, apiSecret)
//	if err != nil {
//		return err
//	}
//	agent, err := client.DuplicateAgent(ctx, "agent_123", zudu.DuplicateAgentRequest{AgentName: "Support, Berlin"})
//	if err != nil {
//		return err // errors.Is(err, agentcopy.ErrOutcomeUnknown): look before you send it again
//	}
//	fmt.Println(agent.AgentID)
//
// What is repeated, how errors tell whether a copy was made, and what every
// client can be configured to do is described in package
// [github.com/agentcopy/agentcopy-go].
//
// # Credentials
//
// A key and a secret, which go out in the headers X-API-KEY and X-API-SECRET to
// https://api.zudu.ai. The organization is that of the pair. [NewFromEnv] reads
// ZUDU_API_KEY, ZUDU_API_SECRET and, where it is set, ZUDU_BASE_URL: names of
// this SDK's own, since Zudu documents none.
//
// # Names and IDs
//
// The name of a copy is required, has 1 to 50 characters once white space around
// it is trimmed, and is unique within the organization. What Zudu answers where
// it is taken, it does not document. An agent's ID is any text.
//
// # Limit
//
// Zudu publishes none. Clients send at most 10 requests a second, copies and
// reads together, in bursts of at most 10, unless [agentcopy.WithLimiter] says
// otherwise.
//
// # When an answer is lost
//
// Zudu documents no idempotency key. The same request sent again may make a
// second agent, or be refused since the name is taken: the pages do not say.
// Names are unique, and so a copy can be looked for: [Client.Copier] finds it by
// its name and by when it was made. What may be the copy without being sure to be
// it, such as an agent whose name the server may have changed, is reported as
// possible. Zudu documents a call that deletes an agent; it is not part of this
// SDK.
package zudu
