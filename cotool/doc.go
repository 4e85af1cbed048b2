// Package cotool turns managed agents of Cotool into editable copies. The vendor's
// page:
// https://docs.cotool.ai/api-reference/agents/convert-a-disconnected-managed-agent-into-a-manual-agent
//
//	client, err := cotool.NewFromEnv() // or New(apiKey)
//	if err != nil {
//		return err
//	}
//	moved, err := client.CopyAgent(ctx, "3c90c3cc-0d44-4b50-8888-8dd25736052a")
//	if err != nil {
//		return err // errors.Is(err, agentcopy.ErrOutcomeUnknown): a copy may have been made
//	}
//	fmt.Println(moved.Agent.ID, "in place of", moved.ParkedAgentID)
//
// Package [github.com/agentcopy/agentcopy-go] describes what is retried, how an
// error tells you whether a copy was made, and the options of every client. Package
// [github.com/agentcopy/agentcopy-go/once] settles unknown outcomes.
//
// # A copy is a move
//
// The agent that is copied is a managed one, whose integration is disconnected.
// It is parked, that is deleted but recoverable, and its triggers go to the copy,
// which is not managed. The call cannot be undone. Cotool does not document its answer
// to a second call for the same agent, nor to a call for an agent that is not managed
// or is still connected.
//
// # Credentials
//
// An API key, which goes out as Authorization: Bearer to https://app.cotool.ai.
// [NewFromEnv] reads COTOOL_API_KEY and, where it is set, COTOOL_BASE_URL: these names
// are ours, since Cotool documents none.
//
// # Names and IDs
//
// The name of a copy cannot be chosen. An agent's ID is a UUID; any other text is
// [agentcopy.ErrInvalid].
//
// # Limit
//
// Cotool publishes none. Clients send at most 10 requests a second, copies and reads
// together, in bursts of at most 10, unless [agentcopy.WithLimiter] replaces this
// limit.
//
// # When an answer is lost
//
// Whether the request arrived can be seen from its source: once that is parked, or
// gone, [Client.Copier] reports [agentcopy.ErrAlreadyDone], and the request must never
// be sent again. While it is neither, there is no copy: this is inferred, since the
// page says that the call parks its source. Nothing in an agent says that it is the
// copy. The Copier takes an agent that has the source's name and no syncKey and was
// made since the request; this is inferred, too. It reports all others that may be the
// copy as possible. Cotool documents no call that deletes an agent or restores a
// parked one.
//
// Cotool's request has no body. A Varnish in front of Cotool would resend such a POST
// by itself when a reused connection to its backend breaks. No client can see or
// prevent that.
package cotool
