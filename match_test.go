package agentcopy_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

func TestMatchAgent(t *testing.T) {
	since := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const no = "no candidate"
	for _, tt := range []struct {
		what     string
		name     string
		made     time.Duration // after since; -1 for no stamp
		zoneless bool
		ahead    time.Duration
		want     string // "certain", no, or the reason
	}{
		{"the copy", "Leases", 3 * time.Second, false, 0, "certain"},
		{"stamp of whole seconds", "Leases", -2 * time.Second, false, 0, "certain"},
		{"long after", "Leases", time.Hour, false, 0, "certain"},
		{"within the margin for clocks", "Leases", -3 * time.Second, false, 0, `named "Leases", made 3s before the request`},
		{"at its end", "Leases", -5 * time.Minute, false, 0, `named "Leases", made 5m0s before the request`},
		{"older", "Leases", -5*time.Minute - time.Second, false, 0, no},
		{"no stamp", "Leases", -1, false, 0, `named "Leases", has no readable time stamp`},

		{"a clock that is ahead", "Leases", time.Hour + time.Second, false, time.Hour, "certain"},
		{"older, by a clock that is ahead", "Leases", time.Hour - 6*time.Minute, false, time.Hour, no},
		{"a clock that is behind", "Leases", -time.Hour + time.Second, false, -time.Hour, "certain"},

		{"no zone, since if that is UTC", "Leases", 3 * time.Second, true, 0, "certain"},
		{"no zone, a little older if that is UTC", "Leases", -time.Minute, true, 0, `named "Leases", made 1m0s before the request`},
		{"no zone, since in London in summer", "Leases", -time.Hour, true, 0, `named "Leases", has a time stamp without a zone, which may be before or after the request`},
		{"no zone, since in Nepal", "Leases", 5*time.Hour + 45*time.Minute, true, 0, `named "Leases", has a time stamp without a zone, which may be before or after the request`},
		{"no zone, since in some zone if clocks differ", "Leases", -55 * time.Minute, true, 0, `named "Leases", has a time stamp without a zone, which may be before or after the request`},
		{"no zone, in the future in every zone", "Leases", 15*time.Hour + 3*time.Second, true, 0, `named "Leases", has a time stamp without a zone, which may be before or after the request`},
		{"no zone, older in every zone", "Leases", -13 * time.Hour, true, 0, no},

		{"a near name", "leases", 3 * time.Second, false, 0, `named "leases" where "Leases" was asked for, made 3s after the request`},
		{"a near name, older", "Leases (copy)", -4 * time.Minute, false, 0, `named "Leases (copy)" where "Leases" was asked for, made 4m0s before the request`},
		{"a near name, long ago", "Leases (copy)", -6 * time.Minute, false, 0, no},
		{"a near name, no stamp", "Leas", -1, false, 0, `named "Leas" where "Leases" was asked for, has no readable time stamp`},

		{"a newcomer", "Invoices", 3 * time.Second, false, 0, `named "Invoices" where "Leases" was asked for, made 3s after the request`},
		{"a newcomer, a minute before", "Invoices", -time.Minute, false, 0, `named "Invoices" where "Leases" was asked for, made 1m0s before the request`},
		{"another, two minutes before", "Invoices", -2 * time.Minute, false, 0, no},
		{"another, no stamp", "Invoices", -1, false, 0, no},
		{"another, no zone, of a clock a minute ahead", "Invoices", 72 * time.Second, true, 0, `named "Invoices" where "Leases" was asked for, has a time stamp without a zone, which may be before or after the request`},
		{"another, no zone, farther ahead", "Invoices", 73 * time.Second, true, 0, no},
		{"another, since in London in summer", "Invoices", -time.Hour, true, 0, no},
		{"no name", "", 3 * time.Second, false, 0, `named "" where "Leases" was asked for, made 3s after the request`},
	} {
		t.Run(tt.what, func(t *testing.T) {
			s := agentcopy.Sighting{
				Copy:     agentcopy.Copy{ID: "a", Name: tt.name, CreatedAt: since.Add(tt.made)},
				Zoneless: tt.zoneless, Ahead: tt.ahead, SeenAt: since.Add(10 * time.Second),
			}
			if tt.made == -1 {
				s.Copy.CreatedAt = time.Time{}
			}
			c, ok := agentcopy.MatchAgent(s, "Leases", since)
			require.Equal(t, tt.want != no, ok)
			if !ok {
				require.Zero(t, c)
				return
			}
			require.Equal(t, s.Copy, c.Copy)
			require.Equal(t, tt.want == "certain", c.Match == agentcopy.MatchCertain)
			if tt.want != "certain" {
				require.Equal(t, tt.want, c.Reason)
			}
			if !c.Made.IsZero() {
				require.Equal(t, s.Copy.CreatedAt.Add(-tt.ahead), c.Made, "on the caller's clock")
			}
		})
	}
}

func TestMatchAgentOverAllTime(t *testing.T) {
	for name, want := range map[string]bool{"Leases": true, "leases ": true, "Invoices": false} {
		for _, made := range []time.Time{{}, time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC), time.Now()} {
			c, ok := agentcopy.MatchAgent(agentcopy.Sighting{Copy: agentcopy.Copy{Name: name, CreatedAt: made}}, "Leases", time.Time{})
			require.Equal(t, want, ok, name)
			require.Equal(t, agentcopy.MatchPossible, c.Match, "none is certain")
			require.Equal(t, want, c.Reason != "")
		}
	}
}

func TestMatchAgentWithoutAName(t *testing.T) {
	since := time.Now()
	for made, want := range map[time.Time]bool{{}: true, since: true, since.Add(-4 * time.Minute): true, since.Add(-time.Hour): false} {
		for _, s := range []struct {
			agentcopy.Sighting
			asked string
		}{
			{agentcopy.Sighting{Copy: agentcopy.Copy{Name: "Any", CreatedAt: made}}, ""},
			{agentcopy.Sighting{Copy: agentcopy.Copy{CreatedAt: made}}, ""},
			{agentcopy.Sighting{Copy: agentcopy.Copy{CreatedAt: made}, NameUnknown: true}, "Leases"},
		} {
			c, ok := agentcopy.MatchAgent(s.Sighting, s.asked, since)
			require.Equal(t, want, ok)
			require.Equal(t, agentcopy.MatchPossible, c.Match)
		}
	}
}

// A Copier of somebody's own gives MatchAgent what its vendor shows.
func ExampleMatchAgent() {
	since := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, shown := range []agentcopy.Copy{
		{ID: "7", Name: "Leases", CreatedAt: since.Add(time.Second)},
		{ID: "6", Name: "leases", CreatedAt: since.Add(-time.Minute)},
		{ID: "5", Name: "Leases", CreatedAt: since.Add(-time.Hour)},
	} {
		c, ok := agentcopy.MatchAgent(agentcopy.Sighting{Copy: shown}, "Leases", since)
		switch {
		case ok && c.Match == agentcopy.MatchCertain:
			fmt.Println(c.Copy.ID, c.Match)
		case ok:
			fmt.Println(c.Copy.ID, c.Match, c.Reason)
		case shown.Name == "Leases":
			fmt.Println(shown.ID, agentcopy.ErrNameTaken)
		}
	}
	// Output:
	// 7 certain
	// 6 possible named "leases" where "Leases" was asked for, made 1m0s before the request
	// 5 an older agent has the name
}

// What a step of the caller's clock since the request would hide, the monotonic
// clock shows. A since that comes from a ledger has none.
func TestMatchAgentKeepsToTheMonotonicClock(t *testing.T) {
	since := time.Now()
	s := agentcopy.Sighting{
		Copy:   agentcopy.Copy{Name: "Leases", CreatedAt: since.Round(0).Add(time.Second)},
		SeenAt: since.Add(10 * time.Second),
	}
	c, ok := agentcopy.MatchAgent(s, "Leases", since)
	require.True(t, ok)
	require.Equal(t, agentcopy.MatchCertain, c.Match)
	require.Equal(t, since.Round(0).Add(time.Second), c.Made)
	c, ok = agentcopy.MatchAgent(s, "Leases", since.Round(0))
	require.True(t, ok)
	require.Equal(t, agentcopy.MatchCertain, c.Match)
}
