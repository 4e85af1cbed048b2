package laxjson_test

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/laxjson"
)

// agent is a document like those of the vendors.
type agent struct {
	ID      int64             `json:"id"`
	Key     string            `json:"agent_id"`
	Name    string            `json:"name"`
	Score   float64           `json:"score"`
	Open    bool              `json:"open"`
	Made    agentcopy.Time    `json:"made"`
	Prompts []prompt          `json:"prompts"`
	Tags    []string          `json:"tags"`
	Vars    map[string]string `json:"vars"`
	Extras  json.RawMessage   `json:"extras"`
	Inner   inner             `json:"inner"`
	Any     any               `json:"any"`
}

type prompt struct {
	ID      int64          `json:"id"`
	Created agentcopy.Time `json:"created"`
	Steps   []inner        `json:"steps"`
}

type inner struct {
	ID string `json:"id"`
}

// TestTheIDIsFound: whatever form the rest of a document has, or its ID.
func TestTheIDIsFound(t *testing.T) {
	const plain, odd, malformed = "", "odd", "malformed"
	type row struct{ name, document, warning, note string }
	cases := []row{
		{"plain", `{"id":456}`, plain, ""},
		{"byte order mark", "\xef\xbb\xbf" + `{"id":456}`, plain, ""},
		{"white space around it", " \n{\"id\":456}\r\n\t", plain, ""},
		{"upper case", `{"ID":456}`, plain, ""},

		{"with a fraction", `{"id":456.0}`, odd, `field "id" is "456.0"`},
		{"with an exponent", `{"id":4.56e2}`, odd, `field "id"`},
		{"with a large exponent", `{"id":45600e-2}`, odd, `field "id"`},
		{"quoted", `{"id":"456"}`, odd, `field "id"`},
		{"quoted, with a fraction", `{"id":"456.0"}`, odd, `field "id"`},
		{"quoted, with white space", `{"id":" 456 "}`, odd, `field "id"`},
		{"twice", `{"id":1,"id":456}`, plain, ``},
		{"twice, the second time null", `{"id":456,"id":null}`, plain, ``},
		{"twice, the second time quoted", `{"id":1,"id":"456"}`, odd, `field "id" is there twice`},
		{"twice, among oddities", `{"id":1,"score":NaN,"id":456}`, malformed, `field "id" is there twice`},
		{"another field mistyped", `{"tags":5,"id":456}`, odd, `"tags"`},
		{"another field mistyped, and the ID", `{"tags":5,"id":"456"}`, odd, `"tags"`},

		{"NaN", `{"score":NaN,"id":456}`, malformed, `field "score" is "NaN"`},
		{"minus infinity", `{"id":456,"score":-Infinity}`, malformed, `field "score" is "-Infinity"`},
		{"undefined in a list", `{"tags":["a",undefined],"id":456}`, malformed, `field "tags"`},
		{"Python's words", `{"open":True,"any":None,"id":456}`, malformed, `field "open" is "True"`},
		{"a number that is none", `{"score":.5,"any":0x10,"id":456}`, malformed, `field "score"`},
		{"a line break in a string", "{\"name\":\"a\nb\",\"id\":456}", malformed, `field "name"`},
		{"a control character in a string", "{\"name\":\"a\x01b\",\"id\":456}", malformed, `field "name"`},
		{"a control character in a key", "{\"na\x01me\":\"ab\",\"id\":456}", malformed, ``},
		{"a control character elsewhere", "{\"name\":\"ab\",\x00\"id\":456}", malformed, `stray control character`},
		{"an unknown escape", `{"name":"\x41\q","id":456}`, malformed, `field "name"`},
		{"half an escape", `{"name":"\u00","id":456}`, malformed, `field "name"`},
		{"a comment", "{/* \"id\":1, */\"name\":\"ab\", // \"id\":2\n\"id\":456}", malformed, `comment`},
		{"a comment before it", "// from cache\n{\"id\":456}", malformed, `comment`},
		{"a comment after it", `{"id":456} // from cache`, malformed, `comment`},
		{"a comma at the end", `{"tags":["a",],"id":456,}`, malformed, `comma too many`},
		{"a comma at the end, before a comment", `{"tags":["a", /* and */ ],"id":456 , /* more */ }`, malformed, `comma too many`},
		{"two commas", `{,"tags":[,"a",,"b"],,"id":456}`, malformed, `comma too many`},
		{"text after it", `{"id":456} OK`, malformed, `goes on after its end`},
		{"another document after it", `{"id":456}{"id":1}`, malformed, `goes on after its end`},
		{"a bracket too many", `{"id":456}}`, malformed, `goes on after its end`},
		{"invalid UTF-8", "{\"name\":\"a\xff\",\"id\":456}", plain, ``},

		{"100,000 levels", `{"any":` + strings.Repeat("[", 1e5) + strings.Repeat("]", 1e5) + `,"id":456}`, odd, `field "any" is nested too deeply`},
		{"100,000 levels that nobody reads", `{"newer":` + strings.Repeat(`{"a":`, 1e5) + `"}"` + strings.Repeat("}", 1e5) + `,"id":456}`, odd, `nested too deeply`},
		{"a list of nothing", `{"prompts":[{}` + strings.Repeat(",{}", 1e6) + `],"id":456}`, odd, `field "prompts" would take far more memory`},
		{"a list of null", `{"prompts":[null` + strings.Repeat(",null", 1e6) + `],"id":456}`, odd, `field "prompts" would take far more memory`},
		{"a million keys of one letter", `{"vars":{"a":""` + strings.Repeat(`,"a":""`, 1e6) + `},"id":456}`, odd, `field "vars" would take far more memory`},
		{"whatever it is", `{"any":[[]` + strings.Repeat(",[]", 1e6) + `],"id":456}`, odd, `field "any" would take far more memory`},
	}
	if strconv.IntSize == 64 { // with 32 bits, these lists are within the budget
		cases = append(cases, []row{
			{"a list of lists", `{"prompts":[{"steps":[{}` + strings.Repeat(",{}", 1e6) + `]}],"id":456}`, odd, `field "prompts.steps" would take far more memory`},
			{"a list of empty texts", `{"tags":[""` + strings.Repeat(`,""`, 1e6) + `],"id":456}`, odd, `field "tags" would take far more memory`},
		}...)
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			var a agent
			warning, err := laxjson.Unmarshal(t.Context(), []byte(tc.document), &a)
			require.NoError(t, err)
			require.EqualValues(t, 456, a.ID)
			if tc.warning == plain {
				require.Nil(t, warning)
				return
			}
			require.NotNil(t, warning)
			require.Equal(t, tc.warning == malformed, warning.Malformed)
			require.ErrorContains(t, warning, tc.note)
			require.Less(t, len(warning.Error()), 1000)
		})
	}
}

func TestWhatIsRead(t *testing.T) {
	cases := []struct {
		name, document string
		want           agent
	}{
		{"numbers for texts", `{"agent_id":12.0,"name":1.5,"tags":["a",7]}`, agent{Key: "12", Name: "1.5", Tags: []string{"a", "7"}}},
		{"texts for numbers", `{"id":"9007199254740993","score":"0.5"}`, agent{ID: 9007199254740993, Score: 0.5}},
		{"no integer at all", `{"id":"a12","score":true,"name":"b"}`, agent{Name: "b"}},
		{"a fraction for an integer", `{"id":1.5,"name":"b"}`, agent{Name: "b"}},
		{"too large for an integer", `{"id":1e300,"name":"b"}`, agent{Name: "b"}},
		{"what stands around NaN", `{"name":"a","score":NaN,"tags":["b",NaN,"c"]}`, agent{Name: "a", Tags: []string{"b", "", "c"}}},
		{"what stands around comments", "{\"name\":/**/\"a//b\"/* x */,\"tags\":[\"c\"// d\n,\"e\"]}", agent{Name: "a//b", Tags: []string{"c", "e"}}},
		{"line breaks in strings", "{\"name\":\"a\nb\tc\rd\x02e\"}", agent{Name: "a\nb\tc\rd\uFFFDe"}},
		{"unknown escapes", `{"name":"\x41\\\"\u00e9\u1"}`, agent{Name: `\x41\"é\u1`}},
		{"commas", `{"tags":["a",,"b",],,"name":"c",}`, agent{Name: "c", Tags: []string{"a", "b"}}},
		{"names in other forms", `{"NAME":"a","\u0074ags":["b"],/**/"inner":{"Id":5}}`, agent{Name: "a", Tags: []string{"b"}, Inner: inner{"5"}}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			var got agent
			warning, err := laxjson.Unmarshal(t.Context(), []byte(tc.document), &got)
			require.NoError(t, err)
			require.NotNil(t, warning)
			require.Equal(t, tc.want, got)
		})
	}
}

// TestLargeWholeNumber: an ID is taken digit by digit, or not at all. As a float64,
// it would become that of another agent.
func TestLargeWholeNumber(t *testing.T) {
	for form, want := range map[string]int64{
		"9007199254740993.0":    9007199254740993,
		"9.007199254740993e15":  9007199254740993,
		"-9007199254740993.0":   -9007199254740993,
		`"9007199254740993.00"`: 9007199254740993,
		"9223372036854775807.0": 9223372036854775807,
		"9223372036854775808.0": 0,
		"9007199254740992.5":    0,
		"1e-999999999":          0,
		"1e999999999":           0,
	} {
		var got struct{ ID int64 }
		_, err := laxjson.Unmarshal(t.Context(), []byte(`{"id":`+form+`}`), &got)
		require.NoError(t, err, form)
		require.Equal(t, want, got.ID, form)
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	for document, want := range map[string]error{
		"": laxjson.ErrEmpty, " \n": laxjson.ErrEmpty, "\xef\xbb\xbf": laxjson.ErrEmpty, "\x00": laxjson.ErrEmpty,
		"OK": laxjson.ErrNotJSON, "<html>": laxjson.ErrNotJSON, `"a`: laxjson.ErrNotJSON, "NaN": laxjson.ErrNotJSON,
		`{`: laxjson.ErrBroken, `[`: laxjson.ErrBroken, `{"id":456`: laxjson.ErrBroken, `{"id":456,`: laxjson.ErrBroken,
		`{"id":`: laxjson.ErrBroken, `{"id"`: laxjson.ErrBroken, `{"id`: laxjson.ErrBroken, `{"name":"\`: laxjson.ErrBroken,
		`{"id" 456}`: laxjson.ErrBroken, `{id:456}`: laxjson.ErrBroken, `{"id":456 "name":"a"}`: laxjson.ErrBroken,
		`{"tags":["a" "b"]}`: laxjson.ErrBroken, `{"id":456]`: laxjson.ErrBroken, `{"id":}`: laxjson.ErrBroken, `[1}`: laxjson.ErrBroken,
		`{"id":456 /* `: laxjson.ErrBroken, `{"any":` + strings.Repeat("[", 1e5): laxjson.ErrBroken,
	} {
		t.Run(document[:min(len(document), 20)], func(t *testing.T) {
			var a agent
			_, err := laxjson.Unmarshal(t.Context(), []byte(document), &a)
			require.ErrorIs(t, err, want)
			require.Less(t, len(err.Error()), 300)
		})
	}
}

// TestOneOddAgentLosesNoOther: of a list, what is odd about one is left out of that
// one.
func TestOneOddAgentLosesNoOther(t *testing.T) {
	for name, odd := range map[string]string{
		"mistyped":  `{"id":2,"tags":5,"name":{}}`,
		"NaN":       `{"id":2,"score":NaN}`,
		"quoted ID": `{"id":"2"}`,
		"deep":      `{"id":2,"any":` + strings.Repeat("[", 1e5) + strings.Repeat("]", 1e5) + `}`,
		"dear":      `{"id":2,"prompts":[{}` + strings.Repeat(",{}", 1e6) + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			var page struct {
				Agents []agent `json:"agents"`
			}
			warning, err := laxjson.Unmarshal(t.Context(), []byte(`{"agents":[{"id":1,"name":"a"},`+odd+`,{"id":3,"name":"c"}]}`), &page)
			require.NoError(t, err)
			require.NotNil(t, warning)
			require.Len(t, page.Agents, 3)
			for i, name := range []string{"a", "", "c"} {
				require.EqualValues(t, i+1, page.Agents[i].ID)
				require.Equal(t, name, page.Agents[i].Name)
			}
		})
	}
}

func TestLargeListsOfWholeAgents(t *testing.T) {
	whole := `{"id":456,"name":"` + strings.Repeat("a, b {c} [d]", 40) + `","prompts":[{"id":1},{"id":2}],"made":"2025-01-01T00:00:00Z"}`
	var page []agent
	warning, err := laxjson.Unmarshal(t.Context(), []byte(`[`+whole+strings.Repeat(","+whole, 19_999)+`]`), &page)
	require.NoError(t, err)
	require.Nil(t, warning)
	require.Len(t, page, 20_000)
}

func TestContextEndsTheDecode(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("no more"))
	documents := map[string]string{
		"read at once":  `[{"id":456,"name":"` + strings.Repeat("a", 2<<20) + `"}]`,
		"read in parts": `[{"id":"456","name":"` + strings.Repeat("a", 2<<20) + `"}]`,
		"deep":          strings.Repeat("[", 2<<20),
	}
	for name, document := range documents {
		t.Run(name, func(t *testing.T) {
			var page []agent
			_, err := laxjson.Unmarshal(ctx, []byte(document), &page)
			require.ErrorIs(t, err, context.Canceled)
			require.Empty(t, page)
		})
	}
}

func TestClean(t *testing.T) {
	for document, want := range map[string]string{
		`{"a":1}`:                               `{"a":1}`,
		"\xef\xbb\xbf" + `{"a":1}`:              `{"a":1}`,
		`{"a":NaN,/**/"b":["c",]} trailing`:     `{"a":null,"b":["c"]}`,
		"\xef\xbb\xbf" + `"text"`:               `"text"`,
		"{\"a\":\"b\nc\"}":                      `{"a":"b\nc"}`,
		`{"id":"456","n":4.0,"id":"duplicate"}`: `{"id":"456","n":4.0,"id":"duplicate"}`,
	} {
		got, err := laxjson.Clean([]byte(document))
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	_, err := laxjson.Clean([]byte("text"))
	require.ErrorIs(t, err, laxjson.ErrNotJSON)
}

// TestCost: decoding takes no more memory than a few times the length of a document.
func TestCost(t *testing.T) {
	var keys strings.Builder
	for keys.WriteString(`{"id":456,"vars":{"k":""`); keys.Len() < 16<<20; {
		keys.WriteString(`,"k` + strings.Repeat("x", keys.Len()%7) + `":""`)
	}
	keys.WriteString(`}}`)
	const size = 16 << 20
	for name, document := range map[string]string{
		"objects":          `{"id":456,"prompts":[{}` + strings.Repeat(",{}", size/3) + `]}`,
		"objects, nested":  `{"id":456,"prompts":[{}` + strings.Repeat(`,{"steps":[{},{},{}]}`, size/22) + `]}`,
		"texts":            `{"id":456,"tags":[""` + strings.Repeat(`,""`, size/3) + `]}`,
		"free":             `{"id":456,"any":[{}` + strings.Repeat(`,{}`, size/3) + `]}`,
		"keys":             keys.String(),
		"NaN":              `{"id":456,"tags":[NaN` + strings.Repeat(`,NaN`, size/4) + `]}`,
		"control":          `{"id":456,"name":"` + strings.Repeat("\x01", size) + `"}`,
		"one text":         `{"id":456,"name":"` + strings.Repeat("a", size) + `"}`,
		"brackets":         `{"id":456,"any":` + strings.Repeat("[", size/2) + strings.Repeat("]", size/2) + `}`,
		"just dear enough": `{"id":456,"tags":["abcd"` + strings.Repeat(`,"abcd"`, size/7) + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			data := []byte(document)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			var a agent
			_, err := laxjson.Unmarshal(t.Context(), data, &a)
			require.NoError(t, err)
			require.EqualValues(t, 456, a.ID)
			runtime.ReadMemStats(&after)
			times := float64(after.TotalAlloc-before.TotalAlloc) / float64(len(data))
			t.Logf("%.1f bytes allocated for each received", times)
			require.Less(t, times, 25.0, "allocated in all, garbage included")
		})
	}
}

// FuzzUnmarshal: what encoding/json reads is read alike, and the rest without a
// panic.
func FuzzUnmarshal(f *testing.F) {
	for _, seed := range []string{
		`{"id":456,"agent_id":"a","name":"n","score":0.5,"open":true,"made":"2025-01-01T00:00:00","prompts":[{"id":1,"steps":[{"id":"x"}]}],"tags":["a"],"vars":{"a":"b"},"extras":{"c":[1]},"any":[{"d":null}]}`,
		`{"id":"456","score":NaN,/* c */"tags":["a",,],"name":"\x` + "\x01" + `"} x`, `[`, `{"a":}`, "\xef\xbb\xbf{}", `{"id":4.56e2,"id":1}`, `"a"`, `[[[[{"a":[1,2,{}]}]]]]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var got, want agent
		warning, err := laxjson.Unmarshal(t.Context(), data, &got)
		if json.Unmarshal(data, &want) == nil {
			if err != nil || warning != nil {
				t.Fatalf("%q: got %v, %v, want neither", data, warning, err)
			}
			require.Equal(t, want, got)
		}
		clean, cleanErr := laxjson.Clean(data)
		if cleanErr == nil && !json.Valid(clean) {
			t.Errorf("%q became %q, which is no JSON", data, clean)
		}
		if (err == nil) != (cleanErr == nil) {
			t.Errorf("%q: got %v from Unmarshal and %v from Clean", data, err, cleanErr)
		}
	})
}

// Goroutines that decode the first documents of a type at the same moment share what is
// known of it. The race detector checks it.
func TestFirstDocumentsAtOnce(t *testing.T) {
	type inner struct{ Name string }
	type document struct{ Items []inner }
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			var d document
			_, err := laxjson.Unmarshal(context.Background(), []byte(`{"items":[{"name":"a"}]}`), &d)
			assert.NoError(t, err)
			var i inner
			_, err = laxjson.Unmarshal(context.Background(), []byte(`{"name":"a"}`), &i)
			assert.NoError(t, err)
		})
	}
	all.Wait()
}
