package agentcopy_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// stampForms are stamps as servers write them.
var stampForms = []struct {
	json string
	want string // in RFC 3339; "" for one that cannot be read
	zone bool
}{
	{`"2024-01-15T10:30:00Z"`, "2024-01-15T10:30:00Z", true},
	{`"2024-01-15t10:30:00z"`, "2024-01-15T10:30:00Z", true},
	{`"2025-10-08T20:14:29.472247+00:00"`, "2025-10-08T20:14:29.472247Z", true},
	{`"2025-10-08T20:14:29.472247+00"`, "2025-10-08T20:14:29.472247Z", true},
	{`"2025-10-08T20:14:29+0000"`, "2025-10-08T20:14:29Z", true},
	{`"2025-10-08T20:14:29\u002B00:00"`, "2025-10-08T20:14:29Z", true},
	{`"2025-12-31T10:15:45+02:00"`, "2025-12-31T08:15:45Z", true},
	{`"2025-12-31T10:15:45+0200"`, "2025-12-31T08:15:45Z", true},
	{`"2025-12-31T10:15:45-02"`, "2025-12-31T12:15:45Z", true},
	{`"2025-12-31 10:15:45 +0200"`, "2025-12-31T08:15:45Z", true},
	{`"2025-12-31 10:15:45 UTC"`, "2025-12-31T10:15:45Z", true},
	{`"2025-12-31 10:15:45.25Z"`, "2025-12-31T10:15:45.25Z", true},
	{`"2025-12-31T10:15:45,25Z"`, "2025-12-31T10:15:45.25Z", true},
	{`" 2025-12-31T10:15:45Z\n"`, "2025-12-31T10:15:45Z", true},
	{`"\u0032024-01-15T10:30:00Z"`, "2024-01-15T10:30:00Z", true},
	{`"2025-01-01T00:00:00+23:59"`, "2024-12-31T00:01:00Z", true},
	{`"2025-01-01T00:00:00"`, "2025-01-01T00:00:00Z", false},
	{`"2025-01-01T00:00:00.5"`, "2025-01-01T00:00:00.5Z", false},
	{`"2025-01-01T00:00:00,5"`, "2025-01-01T00:00:00.5Z", false},
	{`"2025-01-01 00:00:00"`, "2025-01-01T00:00:00Z", false},
	{`1751401457`, "2025-07-01T20:24:17Z", true},
	{`1751401457604`, "2025-07-01T20:24:17.604Z", true},
	{`1751401457604123`, "2025-07-01T20:24:17.604123Z", true},
	{`1751401457604123456`, "2025-07-01T20:24:17.604123456Z", true},
	{`"1751401457604"`, "2025-07-01T20:24:17.604Z", true},
	{`1751401457.5`, "2025-07-01T20:24:17.5Z", true},
	{`1.7514014575e9`, "2025-07-01T20:24:17.5Z", true},
	{`1.751401457604e12`, "2025-07-01T20:24:17.604Z", true},

	{`null`, "", false},
	{`""`, "", false},
	{`0`, "", false},
	{`false`, "", false},
	{`"yesterday"`, "", false},
	{`"<string>"`, "", false},
	{`"2025-13-01T00:00:00Z"`, "", false},
	{`"2025-01-01T00:00:00 or so"`, "", false},
	{`"2025-01-01T00:00:00+24:00"`, "", false},
	{`"2025-01-01T00:00:00-23:60"`, "", false},
	{`"2025-01-01"`, "", false}, // of what hour is not known: read as midnight it would make an agent older than it is
	{`"2025-01-01T10:00Z"`, "", false},
	{`17`, "", false},
	{`-1751401457`, "", false},
	{`1751401457604e200`, "", false},
	{`true`, "", false},
	{`{}`, "", false},
	{`{"$date":1751401457604}`, "", false},
	{`["2024-01-15T10:30:00Z"]`, "", false},
}

func TestTime(t *testing.T) {
	for _, tc := range stampForms {
		t.Run(tc.json, func(t *testing.T) {
			type document struct {
				Before string         `json:"before"`
				At     agentcopy.Time `json:"at,omitzero"`
				After  string         `json:"after"`
			}
			var doc document
			text := `{"before":"a","at":` + tc.json + `,"after":"b"}`
			require.NoError(t, json.Unmarshal([]byte(text), &doc))
			require.Equal(t, "ab", doc.Before+doc.After, "the fields around it")
			var want time.Time
			if tc.want != "" {
				var err error
				want, err = time.Parse(time.RFC3339Nano, tc.want)
				require.NoError(t, err)
			}
			require.True(t, want.Equal(doc.At.Time), "got %v, want %v", doc.At, want)
			require.Equal(t, tc.zone, doc.At.HasZone(), "HasZone")
			none := slices.Contains([]string{`null`, `""`, `0`, `false`}, tc.json)
			require.Equal(t, none, doc.At.IsZero(), "IsZero")

			if none {
				text = `{"before":"a","after":"b"}`
			}
			require.Equal(t, text, string(marshal(t, doc)), "written again")
			doc.At.Time = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			require.Equal(t, `{"before":"a","at":"2026-01-02T03:04:05Z","after":"b"}`, string(marshal(t, doc)), "written again with another time")
			require.True(t, doc.At.HasZone())
		})
	}
}

// marshal writes v as encoding/json does, but with < and > as they are.
func marshal(t *testing.T, v any) []byte {
	t.Helper()
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	require.NoError(t, encoder.Encode(v))
	return bytes.TrimSpace(out.Bytes())
}

func TestTimeThatWasNotDecoded(t *testing.T) {
	at := agentcopy.Time{Time: time.Date(2025, 1, 1, 0, 0, 0, 5e8, time.UTC)}
	data, err := json.Marshal([]agentcopy.Time{at, {}})
	require.NoError(t, err)
	require.Equal(t, `["2025-01-01T00:00:00.5Z",null]`, string(data))
	require.True(t, at.HasZone())
	require.False(t, agentcopy.Time{}.HasZone())
	require.True(t, agentcopy.Time{}.IsZero())

	var same agentcopy.Time
	require.NoError(t, json.Unmarshal([]byte(`"2025-01-01T00:00:00.5Z"`), &same))
	require.Equal(t, at, same, "of a stamp in RFC 3339 only the time is kept")
}

func FuzzTime(f *testing.F) {
	for _, form := range stampForms {
		f.Add(form.json)
	}
	f.Add(`"`)
	f.Fuzz(func(t *testing.T, text string) {
		var at agentcopy.Time
		require.NoError(t, at.UnmarshalJSON([]byte(text)), "there is never an error")
		if !json.Valid([]byte(text)) {
			return
		}
		data, err := at.MarshalJSON()
		require.NoError(t, err)
		require.True(t, json.Valid(data), "written as %q", data)
		if !at.IsZero() {
			require.Equal(t, strings.TrimSpace(text), strings.TrimSpace(string(data)), "it comes back")
		}
		var again agentcopy.Time
		require.NoError(t, json.Unmarshal(data, &again))
		require.True(t, again == at || again.Equal(at.Time), "read as %v, written as %s, read again as %v", at, data, again)
		require.Equal(t, at.HasZone(), again.HasZone())
	})
}
