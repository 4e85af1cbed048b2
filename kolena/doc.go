// Package kolena copies agents on Kolena, by the call that
// https://docs.agents.kolena.com/api-reference/copy-agent describes.
//
//	client, err := kolena.NewFromEnv() // or New(apiKey)
//	if err != nil {
//		return err
//	}
//	agent, err := client.CopyAgent(ctx, 123, kolena.CopyAgentRequest{Name: "Leases, Berlin"})
//	if err != nil {
//		return err // errors.Is(err, agentcopy.ErrOutcomeUnknown): look before you send it again
//	}
//	fmt.Println(agent.ID)
//
// What is repeated, how errors tell whether a copy was made, and what every
// client can be configured to do is described in package
// [github.com/agentcopy/agentcopy-go].
//
// # Credentials
//
// An API key, which goes out as Authorization: Bearer to
// https://agents-api.kolena.com. [NewFromEnv] reads KOLENA_API_KEY and, where it
// is set, KOLENA_API_URL, as Kolena's own Python client does.
//
// # Names and IDs
//
// The name of a copy is required. Kolena's page states no rule for it: neither a
// longest name nor that names are unique. An agent's ID is an integer. This SDK
// refuses a blank name, an ID that is not positive and a negative target.
//
// # Limit
//
// Kolena allows a user 60 copies, 600 lists and 1,200 gets a minute. Clients
// keep to each of these numbers by itself, and never have more than that many
// requests in any window of 61 seconds, the documented minute and a second for
// servers that count in whole ones. [agentcopy.WithLimiter] replaces all three.
//
// Should Kolena refuse a copy with 429 all the same, because another process uses
// the key or it counts otherwise than documented, copies are also spaced evenly,
// one every 1.05 seconds, until two windows have passed without a refusal. If
// full speed is then refused again within a day, they stay spaced for a day.
//
// The limit is the user's. Two keys of one user, and two processes with one key,
// share it without knowing of each other: see module redislimiter.
//
// # When an answer is lost
//
// Kolena documents no idempotency key, and nothing in an agent says what it was
// copied from: the same request sent again may make a second one. Nor does Kolena
// document a call that deletes an agent: a copy made by mistake has to be removed
// by hand. [Client.Copier] finds a copy by its name, by when it was made and by the
// workspace that was asked for. What may be the copy without being sure to be it,
// such as an agent whose name the server may have changed, is reported as possible.
package kolena
