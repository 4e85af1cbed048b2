// Package cotool turns managed agents of Cotool into editable copies, by the
// call that
// https://docs.cotool.ai/api-reference/agents/convert-a-disconnected-managed-agent-into-a-manual-agent
// describes.
//
//	client, err := cotool.NewFromEnv() // or New(apiKey)
//	if err != nil {
//		return err
//	}
//	moved, err := client.CopyAgent(ctx, "3c90c3cc-0d44-4b50-8888-8dd25736052a")
//	if err != nil {
//		return err // errors.Is(err, agentcopy.ErrOutcomeUnknown): look before you send it again
//	}
//	fmt.Println(moved.Agent.ID, "in place of", moved.ParkedAgentID)
//
// What is repeated, how errors tell whether a copy was made, and what every
// client can be configured to do is described in package
// [github.com/agentcopy/agentcopy-go].
//
// # A copy is a move
//
// The agent that is copied is a managed one, whose integration is disconnected.
// It is parked, that is deleted but recoverable, and its triggers go to the copy,
// which is not managed. The call goes one way. What Cotool answers to a second
// call for the same agent, and to one for an agent that is not managed or still
// connected, it does not document.
//
// # Credentials
//
// An API key, which goes out as Authorization: Bearer to https://app.cotool.ai.
// [NewFromEnv] reads COTOOL_API_KEY and, where it is set, COTOOL_BASE_URL: names
// of this SDK's own, since Cotool documents none.
//
// # Names and IDs
//
// There is no name to choose. An agent's ID is a UUID; any other text is refused
// before it is sent.
//
// # Limit
//
// Cotool publishes none. Clients send at most 10 requests a second, copies and
// reads together, in bursts of at most 10, unless [agentcopy.WithLimiter] says
// otherwise.
//
// # When an answer is lost
//
// Whether the request arrived can be seen from its source: once that is parked, or
// gone, [Client.Copier] reports [agentcopy.ErrAlreadyDone], and the request must never
// be sent again. As long as it is neither, there is no copy: this SDK infers it, since
// the page says that the call parks its source. Which agent is the copy, Cotool does
// not let anybody tell: the Copier takes one that has the source's name and no syncKey
// and was made since the request, which is inferred too, and reports all others that
// may be it as possible. No call that deletes an agent, or brings a parked one back, is
// known from Cotool's documentation.
package cotool
