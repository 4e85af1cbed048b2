package transport_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

func TestFinder(t *testing.T) {
	since := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	read := since.Add(10 * time.Second) // when the list was read
	const older, newer, unclear, not = "older", "newer", "unclear", "not of this time"
	cases := []struct {
		name  string
		stamp string
		ahead time.Duration // of the vendor's clock
		want  string
	}{
		{"made since", "2026-03-01T12:00:03Z", 0, newer},
		{"made since, elsewhere", "2026-03-01T14:00:03.25+02:00", 0, newer},
		{"made since, a whole second at the vendor's", "2026-03-01T11:59:59Z", 0, newer},
		{"made before", "2026-03-01T11:59:50Z", 0, older},
		{"made before, elsewhere", "2026-03-01T12:30:00+02:00", 0, older},
		{"made since, by a clock that is behind", "2026-03-01T11:00:03Z", -time.Hour, newer},
		{"made before, by a clock that is ahead", "2026-03-01T12:30:00Z", time.Hour, older},
		{"made since, by a clock that is ahead", "2026-03-01T13:00:03Z", time.Hour, newer},
		{"no zone, since if that is UTC", "2026-03-01T12:00:03", 0, newer},
		{"no zone, since by a clock that is ahead", "2026-03-01T13:00:03", time.Hour, newer},
		{"no zone, before if that is UTC, since in London in summer", "2026-03-01T11:00:00", 0, unclear},
		{"no zone, in the future if that is UTC, since in Berlin", "2026-03-01T14:00:03", 0, unclear},
		{"no zone, since in Nepal", "2026-03-01T17:45:03", 0, unclear},
		{"no zone, before or after in every zone", "2026-03-01T11:05:00", 0, not},
		{"no zone, farther ahead than any zone", "2026-03-02T03:00:03", 0, not},
		{"no zone, before in every zone", "2026-02-28T20:00:00", 0, older},
		{"made since, in small letters", "2026-03-01t12:00:03z", 0, newer},
		{"made since, with a short offset", "2026-03-01T14:00:03+02", 0, newer},
		{"made before, with a short offset", "2026-03-01T12:30:00+02", 0, older},
		{"made since, as an epoch in milliseconds", "1772366403000", 0, newer},
		{"made before, as an epoch in seconds", "1772366390", 0, older},
		{"no stamp", "", 0, unclear},
		{"no readable stamp", "yesterday", 0, unclear},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			response := &agentcopy.Response{
				Header:   http.Header{"Date": {read.Add(tc.ahead).Format(http.TimeFormat)}},
				Attempts: []agentcopy.Attempt{{Start: read.Add(-time.Second), Duration: time.Second}},
				Body:     []byte(`{"id":"a","made":"` + tc.stamp + `"}`),
			}
			f := transport.NewFinder(since, true, "id", "made")
			isOlder := f.Add(agentcopy.Copy{ID: "a"}, response)
			copies, err := f.Copies()
			require.Equal(t, tc.want == older, isOlder)
			shown := tc.want == newer || tc.want == unclear
			require.Equal(t, shown, len(copies) == 1)
			if tc.want == unclear {
				require.ErrorIs(t, err, agentcopy.ErrAmbiguous)
			} else {
				require.NoError(t, err)
			}

			nameless := transport.NewFinder(since, false, "id", "made")
			nameless.Add(agentcopy.Copy{ID: "a"}, response)
			copies, err = nameless.Copies()
			require.Equal(t, shown, len(copies) == 1)
			if shown {
				require.ErrorIs(t, err, agentcopy.ErrAmbiguous, "an agent of another name may be any")
			}
		})
	}
}

func TestFinderSortsNewestFirst(t *testing.T) {
	f := transport.NewFinder(time.Time{}, true, "id", "made")
	for _, stamp := range []string{"2026-03-01T12:00:01Z", "2026-03-01T12:00:03Z", "2026-03-01T12:00:02Z"} {
		f.Add(agentcopy.Copy{ID: stamp}, &agentcopy.Response{Body: []byte(`[{"id":"` + stamp + `","made":"` + stamp + `"}]`)})
	}
	copies, err := f.Copies()
	require.NoError(t, err)
	require.Equal(t, "2026-03-01T12:00:03Z", copies[0].ID)
	require.Equal(t, "2026-03-01T12:00:01Z", copies[2].ID)
}

func TestFinderReadsTheStampsOfAgentsAlone(t *testing.T) {
	cases := []struct{ name, body, want string }{
		{"an agent", `{"id":7,"created":"a"}`, "a"},
		{"a list", `[{"id":6,"created":"b"},{"id":7,"created":"a"}]`, "a"},
		{"a page", `{"agents":[{"id":70,"created":"b"},{"prompts":[{"id":8}],"id":7,"created":"a"}],"total_pages":1}`, "a"},
		{"an envelope", `{"data":{"agents":[{"id":"7","created":"a"}]}}`, "a"},
		{
			"an agent whose number the part of another has",
			`{"agents":[{"id":6,"created":"b","prompts":[{"id":7,"created":"old"}]},{"id":7,"created":"a","prompts":[{"id":7,"created":"old"}]}]}`,
			"a",
		},
		{"an agent's part", `{"agents":[{"id":6,"created":"b","prompts":[{"id":7,"created":"old"}]}]}`, ""},
		{"a stamp that is a number", `{"id":7,"created":3}`, "3"},
		{"a stamp that is neither", `{"id":7,"created":{"id":9,"created":"b"}}`, ""},
		{"a byte order mark", "\xef\xbb\xbf" + `{"id":7,"created":"a"}`, "a"},
		{"NaN and a comment", `{"id":7,/**/"score":NaN,"created":"a"}`, "a"},
		{"odd keys", `{"":{"id":1},"id":7,"x":["id","created"],"created":"a"}`, "a"},
		{"no stamp", `{"id":7}`, ""},
		{"another agent", `{"id":8,"created":"b"}`, ""},
		{"no document", `<html>`, ""},
		{"nothing", ``, ""},
	}
	for _, tc := range cases {
		f := transport.NewFinder(time.Time{}, true, "id", "created")
		for range 20 { // the parts of a document are looked at in any order
			require.Equal(t, tc.want, f.Stamp("7", &agentcopy.Response{Body: []byte(tc.body)}), tc.name)
		}
	}
}

func TestFinderReadsEachAnswerOnce(t *testing.T) {
	first := &agentcopy.Response{Body: []byte(`[{"id":"1","made":"a"},{"id":"2","made":"b"}]`)}
	second := &agentcopy.Response{Body: []byte(`[{"id":"1","made":"c"}]`)}
	f := transport.NewFinder(time.Time{}, true, "id", "made")
	require.Equal(t, []string{"a", "b", "c", "", "b"},
		[]string{f.Stamp("1", first), f.Stamp("2", first), f.Stamp("1", second), f.Stamp("2", second), f.Stamp("2", first)})
}
