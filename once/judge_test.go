package once

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// The rules by which a look is judged, one line each. The key asked for "Leases"
// and was last sent at sent; the look showed the agents listed.
func TestJudge(t *testing.T) {
	sent := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	agent := func(id, name string, match agentcopy.Match, made time.Duration) agentcopy.Candidate {
		return agentcopy.Candidate{Copy: agentcopy.Copy{Provider: "acme", ID: id, Name: name}, Match: match, Made: sent.Add(made)}
	}
	var (
		certain   = agent("a1", "Leases", agentcopy.MatchCertain, time.Second)
		second    = agent("a2", "Leases", agentcopy.MatchCertain, 0)
		old       = agent("o1", "Leases", agentcopy.MatchPossible, -3*time.Minute)
		trimmed   = agent("t1", "leases", agentcopy.MatchPossible, time.Second)
		newcomer  = agent("n1", "Invoices", agentcopy.MatchPossible, time.Second)
		latecomer = agent("n2", "Invoices", agentcopy.MatchPossible, 2*time.Minute)
		nameless  = agent("x1", "", agentcopy.MatchPossible, time.Second)
		unnamed   = agent("", "Leases", agentcopy.MatchCertain, time.Second)
		source    = agent("S1", "Leases", agentcopy.MatchPossible, 0)
	)
	type change func(*view)
	showing := func(agents ...agentcopy.Candidate) change { return func(v *view) { v.candidates = agents } }
	hiding := func(agents ...agentcopy.Candidate) change { return func(v *view) { v.mine.Seen = agents } }
	dismissed := func(ids ...string) change { return func(v *view) { v.mine.Dismissed = ids } }
	owned := func(c agentcopy.Candidate) change {
		return func(v *view) { v.owners[refOf(&v.mine, c.Copy)] = Record{Key: "other"} }
	}
	rival := func(key, name, sourceID string, since, until time.Duration, outcome agentcopy.Outcome) change {
		return func(v *view) {
			v.rivals = append(v.rivals, Record{
				Key: key, Request: agentcopy.CopyRequest{SourceID: sourceID, Name: name}, Outcome: outcome,
				Identity: agentcopy.Identity{Provider: "acme", SearchKey: name}, Since: sent.Add(since), SentAt: sent.Add(until),
			})
		}
	}
	const unknown, copied = agentcopy.OutcomeUnknown, agentcopy.OutcomeCopied
	mineCopied := func(v *view) { v.mine.Outcome = copied }
	keepsNames := func(v *view) { v.keepsNames = true }
	incomplete := func(v *view) { v.complete = false }
	alreadyDone := func(v *view) { v.alreadyDone = true }
	also := func(changes ...change) []change { return changes }

	for _, tt := range []struct {
		what                    string
		changes                 []change
		before, settled, longer finding // before SettleTime, after it, and after one more
		copy                    string  // where one is found
	}{
		{"nothing", nil, nothing, nothing, nothing, ""},
		{"nothing, in a look that did not see everything", also(incomplete), notYet, notYet, notYet, ""},
		{"nothing, and the vendor shows that the copy was made", also(alreadyDone), notYet, notYet, stuck, ""},
		{"that, in a look that did not see everything", also(alreadyDone, incomplete), notYet, notYet, notYet, ""},
		{"the source itself", also(showing(source)), nothing, nothing, nothing, ""},

		{"one certain agent", also(showing(certain)), found, found, found, "a1"},
		{"one certain agent, in a look that did not see everything", also(showing(certain), incomplete), notYet, found, found, "a1"},
		{"one certain agent among possible ones", also(showing(certain, old, newcomer)), found, found, found, "a1"},
		{"one certain agent, another was seen and is hidden", also(showing(certain), hiding(second)), found, found, found, "a1"},
		{"one certain agent, and the vendor shows that the copy was made", also(showing(certain), alreadyDone), found, found, found, "a1"},
		{"two certain agents", also(showing(certain, second)), stuck, stuck, stuck, ""},
		{"two certain agents, one is another key's", also(showing(certain, second), owned(second)), found, found, found, "a1"},
		{"two certain agents, one was dismissed", also(showing(certain, second), dismissed("a2")), found, found, found, "a1"},
		{"one certain agent that another key owns", also(showing(certain), owned(certain)), nothing, nothing, nothing, ""},
		{"one certain agent that was dismissed", also(showing(certain), dismissed("a1")), nothing, nothing, nothing, ""},
		{"an agent without an ID", also(showing(unnamed)), notYet, stuck, stuck, ""},

		{"an older agent of the name", also(showing(old)), notYet, stuck, stuck, ""},
		{"an agent of a near name", also(showing(trimmed)), notYet, stuck, stuck, ""},
		{"an agent of a near name, of a vendor that keeps names", also(showing(trimmed), keepsNames), notYet, stuck, stuck, ""},
		{"an agent whose name cannot be read", also(showing(nameless), keepsNames), notYet, stuck, stuck, ""},
		{"a newcomer of another name", also(showing(newcomer)), notYet, stuck, stuck, ""},
		{"a newcomer, in a look that did not see everything", also(showing(newcomer), incomplete), notYet, notYet, notYet, ""},
		{"a newcomer that was dismissed", also(showing(newcomer), dismissed("n1")), nothing, nothing, nothing, ""},
		{"a newcomer, of a vendor that keeps names", also(showing(newcomer), keepsNames), nothing, nothing, nothing, ""},
		{"a newcomer that a pending key asked for", also(showing(newcomer), rival("r", "Invoices", "s2", 0, 0, unknown)), nothing, nothing, nothing, ""},
		{"a newcomer that came too late to be it", also(showing(latecomer)), nothing, nothing, nothing, ""},
		{"a newcomer while a rival is under way", also(showing(newcomer), rival("r", "Rents", "s2", 0, time.Minute, unknown)), notYet, notYet, stuck, ""},

		{"an agent was seen and is hidden now", also(hiding(certain)), notYet, notYet, stuck, ""},
		{"that, in a look that did not see everything", also(hiding(certain), incomplete), notYet, notYet, notYet, ""},
		{"a hidden agent that another key owns", also(hiding(certain), owned(certain)), nothing, nothing, nothing, ""},
		{"a hidden newcomer, of a vendor that keeps names", also(hiding(newcomer), keepsNames), nothing, nothing, nothing, ""},

		{"one certain agent, a rival of the same request", also(showing(certain), rival("r", "Leases", "s1", 0, 0, unknown)), notYet, found, found, "a1"},
		{"one certain agent, which is the rival's", also(showing(certain), rival("r", "Leases", "s1", 0, 0, copied)), notYet, stuck, stuck, ""},
		{"one certain agent, both were copied", also(showing(certain), mineCopied, rival("r", "Leases", "s1", 0, 0, copied)), notYet, found, found, "a1"},
		{"two agents for two equal keys", also(showing(certain, second), rival("r", "Leases", "s1", 0, 0, unknown)), notYet, found, found, "a2"},
		{"three agents for two equal keys", also(showing(certain, second, agent("a3", "Leases", agentcopy.MatchCertain, 0)), rival("r", "Leases", "s1", 0, 0, unknown)), notYet, stuck, stuck, ""},
		{"a rival of the name with another source", also(showing(certain), rival("r", "Leases", "s2", 0, 0, unknown)), notYet, stuck, stuck, ""},
		{"a rival of a near name", also(showing(certain), rival("r", " leases", "s2", 0, 0, unknown)), notYet, stuck, stuck, ""},
		{"a rival of our name in another form, of a vendor that keeps names", also(showing(certain), keepsNames, rival("r", " leases", "s2", 0, 0, unknown)), notYet, stuck, stuck, ""},
		{"a rival of another near name, of a vendor that keeps names", also(showing(certain), keepsNames, rival("r", "Leases 2", "s2", 0, 0, unknown)), found, found, found, "a1"},
		{"a rival of a near name, whose own agent shows", also(showing(certain, agent("b1", "Leases 2", agentcopy.MatchPossible, 0)), rival("r", "Leases 2", "s2", 0, 0, unknown)), found, found, found, "a1"},
		{"a rival that began after the agent was seen", also(showing(certain), rival("r", "Leases", "s2", 10*time.Second, 0, unknown)), found, found, found, "a1"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			for i, want := range []finding{tt.before, tt.settled, tt.longer} {
				when := []string{"before SettleTime", "after SettleTime", "after one more SettleTime"}[i]
				v := &view{
					mine: Record{
						Key: "k", Request: agentcopy.CopyRequest{SourceID: "s1", Name: "Leases"},
						Identity: agentcopy.Identity{Provider: "acme", SearchKey: "Leases"}, Since: sent, SentAt: sent,
					},
					owners: map[CopyRef]Record{}, firstSeen: map[string]time.Time{},
					complete: true, settleTime: 30 * time.Second, settled: i > 0, overdue: i > 1,
				}
				for _, change := range tt.changes {
					change(v)
				}
				for _, c := range v.candidates {
					v.firstSeen[c.Copy.ID] = sent.Add(time.Second)
				}
				j := v.judge()
				require.Equal(t, want, j.finding, when)
				if want == found {
					require.Equal(t, tt.copy, j.copy.ID, when)
				}
			}
		})
	}
}
