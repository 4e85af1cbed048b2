// Package kolena copies agents on [Kolena]:
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
// Package [github.com/agentcopy/agentcopy-go] describes retries, errors and options.
// Package [github.com/agentcopy/agentcopy-go/once] finds out what became of a copy whose
// answer was lost.
//
// # Credentials
//
// An API key, sent as "Authorization: Bearer" to https://agents-api.kolena.com.
// [NewFromEnv] reads KOLENA_API_KEY and, if set, KOLENA_API_URL, as Kolena's own Python
// client does.
//
// # Limits
//
// Kolena allows a user 60 copies, 600 lists and 1,200 gets a minute. Clients keep to each
// number separately: no window of 61 seconds holds more requests than that. The extra
// second is for servers that count in whole seconds. [agentcopy.WithLimiter] replaces the
// limiter of copies, [agentcopy.WithReadLimiter] that of reads.
//
// If Kolena still answers 429, copies are spaced evenly, one every 1.05 seconds, until two
// windows have passed without a refusal. If full speed is refused again within a day, they
// stay spaced for a day.
//
// The limit is per user. Two keys of one user, or two processes with one key, share it
// without knowing of each other: use module redislimiter.
//
// # When an answer is lost
//
// Kolena documents no idempotency key, and an agent does not say what it was copied from:
// the same request, sent again, may make a second copy. Kolena documents no call that
// deletes an agent, so you would have to remove it by hand. [Client.Copier] finds a copy
// by its name, by when it was made, and by the workspace if you asked for one.
//
// # What Kolena documents, and what it does not
//
// Documented: the calls ([copy], [get], [list]), their fields and limits; that the name of
// a copy is required.
//
// Not documented, so inferred: that a copy keeps the name you asked for; that leaving a
// target out is the same as null; that stamps without a zone are UTC. Kolena documents
// no maximum length of names, and does not say whether they are unique.
//
// Rules of this SDK: a name must not be blank, an ID must be positive, and a target must
// not be negative.
//
// docs/assumptions.md says what happens if an assumption is wrong.
//
// [Kolena]: https://docs.agents.kolena.com/api-reference/copy-agent
// [copy]: https://docs.agents.kolena.com/api-reference/copy-agent
// [get]: https://docs.agents.kolena.com/api-reference/get-agent
// [list]: https://docs.agents.kolena.com/api-reference/list-agents
package kolena
