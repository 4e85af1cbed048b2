// Package cotool turns Cotool's managed agents into editable copies with [one call]:
//
//	client, err := cotool.NewFromEnv() // or New(apiKey)
//	if err != nil {
//		return err
//	}
//	moved, err := client.CopyAgent(ctx, "3c90c3cc-0d44-4b50-8888-8dd25736052a")
//	if err != nil {
//		return err // errors.Is(err, agentcopy.ErrOutcomeUnknown): a copy may have been made
//	}
//	fmt.Println(moved.Agent.ID, "replaces", moved.ParkedAgentID)
//
// A copy on Cotool is a move. The source is a managed agent whose integration is
// disconnected. Cotool parks it (deleted, but recoverable) and gives its triggers to the
// copy, which is not managed. The call cannot be undone, and you cannot choose a name.
//
// Package [github.com/agentcopy/agentcopy-go] describes retries, errors and options.
// Package [github.com/agentcopy/agentcopy-go/once] finds out what became of a copy whose
// answer was lost.
//
// # Credentials
//
// An API key, sent as "Authorization: Bearer" to https://app.cotool.ai. [NewFromEnv]
// reads COTOOL_API_KEY and, if set, COTOOL_BASE_URL. The names are this SDK's: Cotool
// documents none.
//
// # Limits
//
// Cotool documents none. Clients send 10 requests a second on average, copies and reads
// together, in bursts of up to 10. [agentcopy.WithLimiter] changes the pace of copies,
// [agentcopy.WithReadLimiter] that of reads.
//
// # When an answer is lost
//
// The source shows whether the request arrived. Once it is parked or gone,
// [Client.Copier] reports [agentcopy.ErrAlreadyDone], and the request is never sent
// again. Nothing in an agent says that it is the copy: the Copier takes the one that was
// made since the request and has the source's name and no syncKey, and reports any other
// agent that may be it as possible. Cotool documents no call that deletes an agent or
// restores a parked one.
//
// Cotool's request has no body. A Varnish in front of Cotool resends such a POST by itself
// when a reused connection to its backend breaks. No client can see or prevent that.
//
// # What Cotool documents, and what it does not
//
// Documented: the calls ([copy], [get], [list]) and their fields; that a copy parks its
// source and takes over its triggers; that an agent's ID is a UUID, so this package
// refuses any other text.
//
// Not documented, so inferred: how a parked source shows; that there is no copy as long
// as the source is not parked; that the copy has the source's name and no syncKey.
// Cotool does not say what it answers to a second call for the same agent, or for an
// agent that is not managed or still connected.
//
// docs/assumptions.md says what happens if an assumption is wrong.
//
// [one call]: https://docs.cotool.ai/api-reference/agents/convert-a-disconnected-managed-agent-into-a-manual-agent
// [copy]: https://docs.cotool.ai/api-reference/agents/convert-a-disconnected-managed-agent-into-a-manual-agent
// [get]: https://docs.cotool.ai/api-reference/agents/get-agent
// [list]: https://docs.cotool.ai/api-reference/agents/list-all-agents
package cotool
