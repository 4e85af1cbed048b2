// Package langsmith clones Managed Deep Agents on LangSmith, as the API's last
// published document describes it.
//
//	client, err := langsmith.NewFromEnv() // or New(apiKey)
//	if err != nil {
//		return err
//	}
//	agent, err := client.CloneAgent(ctx, "3c90c3cc-0d44-4b50-8888-8dd25736052a", langsmith.CloneAgentRequest{Name: "Research, Berlin"})
//	if err != nil {
//		return err // errors.Is(err, agentcopy.ErrOutcomeUnknown): a copy may have been made
//	}
//	fmt.Println(agent.ID)
//
// Package [github.com/agentcopy/agentcopy-go] describes what is retried, how an
// error tells you whether a copy was made, and the options of every client. Package
// [github.com/agentcopy/agentcopy-go/once] settles unknown outcomes.
//
// This API was a private preview, then a private beta, in 2026. LangChain removed its
// pages and OpenAPI document in July (https://github.com/langchain-ai/docs/pull/4622);
// today's Managed Deep Agents is another product, deployed with mda. We have not seen
// whether the route still answers.
//
// # Credentials
//
// An API key, which goes out in the header X-Api-Key to
// https://api.smith.langchain.com/v1/deepagents. A key that belongs to an organization
// also needs a workspace: [WithWorkspace]. [NewFromEnv] reads LANGSMITH_API_KEY and,
// where they are set, LANGSMITH_WORKSPACE_ID and LANGSMITH_ENDPOINT. LangSmith answers
// an invalid key with 403, not 401.
//
// # Names and IDs
//
// The name of a clone may be left out; LangSmith does not document what name it then
// gets. Give it a name: a lost clone is found by it. An agent's ID is a UUID; any
// other text is [agentcopy.ErrInvalid].
//
// # Limit
//
// LangSmith's documents allow an API key 2,000 requests a minute and 1,000 in 10
// seconds, of any kind. Clients send at most 32 a second, in bursts of at most 32,
// which stays inside both, unless [agentcopy.WithLimiter] replaces this limit.
//
// # When an answer is lost
//
// LangSmith documents no idempotency key, and nothing in an agent says what it
// was cloned from: the same request sent again may make a second one.
// [Client.Copier] finds a clone by its name and by when it was made, among the
// agents that the caller owns: LangSmith lists no others, and a clone is the
// caller's. An agent that may be the clone, such as one whose name the server may have
// changed, is reported as possible. LangSmith documented a
// call that deletes an agent; it is not part of this SDK.
package langsmith
