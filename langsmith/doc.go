// Package langsmith clones Managed Deep Agents on LangSmith:
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
// This API was a private preview, then a private beta, in 2026. LangChain removed its
// pages and OpenAPI document in July ([docs #4622]); today's Managed Deep Agents is
// another product, deployed with mda. We have not seen whether the route still answers.
//
// Package [github.com/agentcopy/agentcopy-go] describes retries, errors and options.
// Package [github.com/agentcopy/agentcopy-go/once] finds out what became of a clone whose
// answer was lost.
//
// # Credentials
//
// An API key, sent in the header X-Api-Key to
// https://api.smith.langchain.com/v1/deepagents. An organization's key needs a workspace
// as well: see [WithWorkspace]. [NewFromEnv] reads LANGSMITH_API_KEY and, if set,
// LANGSMITH_WORKSPACE_ID and LANGSMITH_ENDPOINT. LangSmith answers an invalid key with
// 403, not 401.
//
// # Limits
//
// LangSmith documents 2,000 requests a minute and 1,000 in 10 seconds for an API key.
// Clients send 32 a second on average, copies and reads together, in bursts of up to 32,
// which stays below both. [agentcopy.WithLimiter] changes the pace of clones,
// [agentcopy.WithReadLimiter] that of reads.
//
// # When an answer is lost
//
// LangSmith documents no idempotency key, and an agent does not say what it was cloned
// from: the same request, sent again, may make a second clone. [Client.Copier] finds a
// clone by its name and by when it was made, among the agents that the caller owns. So
// give it a name. LangSmith documented a call that deletes an agent; this SDK does not
// have it.
//
// # What LangSmith documented, and what it did not
//
// Documented, in the last published OpenAPI document: the calls, their fields and
// statuses; that a clone belongs to the caller; that an agent's ID is a UUID, so this
// package refuses any other text.
//
// Not documented, so inferred: that a clone keeps the name you asked for; that a list
// shows it at once. LangSmith does not say what name a clone gets if you ask for none.
//
// docs/assumptions.md says what happens if an assumption is wrong.
//
// [docs #4622]: https://github.com/langchain-ai/docs/pull/4622
package langsmith
