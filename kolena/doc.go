// Package kolena copies agents on Kolena. The vendor's pages:
// https://docs.agents.kolena.com/api-reference/copy-agent, get-agent and list-agents
// beside it.
//
//	client, err := kolena.NewFromEnv() // or New(apiKey)
//	if err != nil {
//		return err
//	}
//	agent, err := client.CopyAgent(ctx, 123, kolena.CopyAgentRequest{Name: "Leases, Berlin"})
//	if err != nil {
//		return err // errors.Is(err, agentcopy.ErrOutcomeUnknown): a copy may have been made
//	}
//	fmt.Println(agent.ID)
//
// Package [github.com/agentcopy/agentcopy-go] describes what is retried, how an
// error tells you whether a copy was made, and the options of every client. Package
// [github.com/agentcopy/agentcopy-go/once] settles unknown outcomes.
//
// # Credentials
//
// An API key, which goes out as Authorization: Bearer to
// https://agents-api.kolena.com. [NewFromEnv] reads KOLENA_API_KEY and, where it
// is set, KOLENA_API_URL, as Kolena's own Python client does.
//
// # Names and IDs
//
// The name of a copy is required. Kolena documents neither a longest name nor that
// names are unique. An agent's ID is an integer. Three rules are ours: this package
// refuses a blank name, an ID that is not positive and a negative target.
//
// # Limit
//
// Kolena allows a user 60 copies, 600 lists and 1,200 gets a minute. Clients never
// send more than these numbers in any window of 61 seconds: the documented minute, and
// a second for servers that count in whole seconds. [agentcopy.WithLimiter] replaces
// the limit of copies, [agentcopy.WithReadLimiter] those of reads.
//
// Kolena may still refuse a copy with 429, because another process uses the key or
// because it does not count as documented. Copies are then spaced evenly, one
// every 1.05 seconds, until two windows have passed without a refusal. If full
// speed is refused again within a day, they stay spaced for a day.
//
// The limit is per user. Two keys of one user, and two processes with one key, share
// it without seeing each other: use module redislimiter.
//
// # When an answer is lost
//
// Kolena documents no idempotency key, and nothing in an agent says what it was copied
// from: the same request sent again may make a second one. Nor does Kolena document a
// call that deletes an agent: a copy made by mistake has to be removed by hand.
// [Client.Copier] finds a copy by its name, by when it was made and by the requested
// workspace. An agent that may be the copy, such as one whose name the server may have
// changed, is reported as possible. That a copy keeps its requested name is inferred.
package kolena
