// Package langsmith clones Managed Deep Agents on LangSmith, by the call that
// https://docs.langchain.com/langsmith/managed-deep-agents-api/agents/clone-agent
// describes.
//
//	client, err := langsmith.NewFromEnv() // or New(apiKey)
//	if err != nil {
//		return err
//	}
//	agent, err := client.CloneAgent(ctx, "3c90c3cc-0d44-4b50-8888-8dd25736052a", langsmith.CloneAgentRequest{Name: "Research, Berlin"})
//	if err != nil {
//		return err // errors.Is(err, agentcopy.ErrOutcomeUnknown): look before you send it again
//	}
//	fmt.Println(agent.ID)
//
// What is repeated, how errors tell whether a copy was made, and what every
// client can be configured to do is described in package
// [github.com/agentcopy/agentcopy-go].
//
// The API was published as a private beta in LangSmith's US region in 2026, and
// its pages have been taken down since: it is there for those who have it.
//
// # Credentials
//
// An API key, which goes out in the header X-Api-Key to
// https://api.smith.langchain.com/v1/deepagents. A key that belongs to an
// organization needs a workspace as well: [WithWorkspace]. [NewFromEnv] reads
// LANGSMITH_API_KEY and, where they are set, LANGSMITH_WORKSPACE_ID and
// LANGSMITH_ENDPOINT. LangSmith answers an invalid key with 403, not 401.
//
// # Names and IDs
//
// The name of a clone may be left out; what LangSmith then calls it, it does not
// document. Give it one, since that is what a lost clone is found by. An agent's
// ID is a UUID; any other text is refused before it is sent.
//
// # Limit
//
// LangSmith allows an API key 2,000 requests a minute and 1,000 in 10 seconds,
// whatever they ask for. Clients send at most 32 a second, in bursts of at most
// 32, which stays inside both, unless [agentcopy.WithLimiter] says otherwise.
//
// # When an answer is lost
//
// LangSmith documents no idempotency key, and nothing in an agent says what it
// was cloned from: the same request sent again may make a second one.
// [Client.Copier] finds a clone by its name and by when it was made, among the
// agents that the caller owns: LangSmith lists no others, and a clone is the
// caller's. What may be the clone without being sure to be it, such as an agent whose
// name the server may have changed, is reported as possible. LangSmith documents a
// call that deletes an agent; it is not part of this SDK.
package langsmith
