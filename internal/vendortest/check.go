package vendortest

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
)

// Document reads a vendor's document from the package's testdata.
func Document(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return string(data)
}

// RequireError returns the *agentcopy.Error that err is.
func RequireError(t testing.TB, err error) *agentcopy.Error {
	t.Helper()
	var e *agentcopy.Error
	require.ErrorAs(t, err, &e)
	return e
}

// RequireInvalid requires that err was found in field before anything was sent.
func RequireInvalid(t testing.TB, err error, field string) {
	t.Helper()
	e := RequireError(t, err)
	require.ErrorIs(t, err, agentcopy.ErrInvalid)
	require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome)
	require.Empty(t, e.Attempts, "nothing is sent")
	require.Len(t, e.Fields, 1)
	require.Equal(t, field, e.Fields[0].Field)
}

// RequireRoundTrip requires that document, read into a T and written again, is
// the same but for nulls. Time stamps come back in the form they had.
func RequireRoundTrip[T any](t testing.TB, document string) {
	t.Helper()
	var v T
	Decode(t, document, &v)
	written, err := json.Marshal(v)
	require.NoError(t, err)
	require.Equal(t, normal(t, document), normal(t, string(written)), "read into a %T and written again", v)
}

// RequireDocuments requires that the vendor's documents, read into a T and written
// again, are the same but for nulls, and that the first shows every field of T.
func RequireDocuments[T any](t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		RequireRoundTrip[T](t, Document(t, name))
	}
	var v T
	Decode(t, Document(t, names[0]), &v)
	RequireFilled(t, v)
}

// ListFailure is the pages of a list, and what comes of reading it.
type ListFailure struct {
	pages            []string
	agents, requests int
	text             string
}

// ListFails returns a ListFailure: the list yields some agents, after some requests,
// and then an error whose text has a part like text.
func ListFails(agents, requests int, text string, pages ...string) ListFailure {
	return ListFailure{pages, agents, requests, text}
}

// TestListFails tests which error comes of the pages of a vendor's list.
func TestListFails[A any](t *testing.T, vendor string, list func(t *testing.T, wire *Wire) iter.Seq2[*A, error], failures map[string]ListFailure) {
	for name, want := range failures {
		t.Run(name, func(t *testing.T) {
			wire := InTurn(want.pages...)
			agents, err := Collect(t, list(t, wire))
			e := RequireError(t, err)
			require.Equal(t, vendor, e.Provider)
			require.Equal(t, "ListAgents", e.Operation)
			require.Equal(t, agentcopy.OutcomeNotCopied, e.Outcome, "a read makes no copy")
			require.NotEmpty(t, e.Attempts)
			require.ErrorContains(t, err, want.text)
			require.Len(t, agents, want.agents)
			require.Len(t, wire.Requests(), want.requests)
		})
	}
}

func normal(t testing.TB, document string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(document))
	decoder.UseNumber()
	var v any
	require.NoError(t, decoder.Decode(&v), document)
	return withoutNulls(v)
}

func withoutNulls(v any) any {
	switch v := v.(type) {
	case map[string]any:
		maps.DeleteFunc(v, func(_ string, value any) bool { return value == nil })
		for key, value := range v {
			v[key] = withoutNulls(value)
		}
	case []any:
		for i := range v {
			v[i] = withoutNulls(v[i])
		}
	}
	return v
}

// RequireFilled requires that no field of v, at any depth, is at its zero value
// but for the fields named Response: the documents of a test then show them all.
func RequireFilled(t testing.TB, v any) {
	t.Helper()
	require.Empty(t, emptyFields(reflect.ValueOf(v), reflect.TypeOf(v).String()), "fields that no document of this test has")
}

func emptyFields(v reflect.Value, path string) []string {
	switch {
	case v.IsZero():
		return []string{path}
	case v.Kind() == reflect.Pointer:
		return emptyFields(v.Elem(), path)
	case v.Type() == reflect.TypeFor[agentcopy.Time]():
		return nil
	}
	var empty []string
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.Name != "Response" {
				empty = append(empty, emptyFields(v.Field(i), path+"."+field.Name)...)
			}
		}
	case reflect.Slice:
		if v.Len() > 0 && v.Type().Elem().Kind() == reflect.Struct {
			empty = emptyFields(v.Index(0), path+"[0]")
		}
	}
	return empty
}

// Collect returns all that seq yields. It requires that an error comes with no
// agent, and last.
func Collect[A any](t testing.TB, seq iter.Seq2[*A, error]) (items []*A, end error) {
	t.Helper()
	for item, err := range seq {
		require.NoError(t, end, "the sequence went on after an error")
		if end = err; err != nil {
			require.Nil(t, item, "an agent beside an error")
			continue
		}
		require.NotNil(t, item)
		items = append(items, item)
	}
	return items, end
}

// Agents is JSON of a list of count agents, each written by format from its
// number, from first on.
func Agents(format string, first, count int) string {
	list := make([]string, count)
	for i := range list {
		list[i] = fmt.Sprintf(format, first+i)
	}
	return "[" + strings.Join(list, ",") + "]"
}

func Decode(t testing.TB, document string, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(document), v), document)
}

// LoseCopy asks for a copy, the first that server makes, loses the answer, and requires
// that the copier then finds the copy for certain. is are the errors that the search
// must match, none for success.
func LoseCopy(t testing.TB, server *agentcopytest.Server, copier agentcopy.Copier, req agentcopy.CopyRequest, is ...error) agentcopy.Copy {
	t.Helper()
	since := time.Now()
	server.Inject(agentcopytest.Fault{Drop: true, AfterCopy: true})
	_, err := copier.Copy(t.Context(), req)
	require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
	found, err := copier.FindCopies(t.Context(), req, since)
	require.Equal(t, len(is) == 0, err == nil, "%v", err)
	for _, target := range is {
		require.ErrorIs(t, err, target)
	}
	require.NotErrorIs(t, err, agentcopy.ErrLookIncomplete)
	require.Equal(t, "[certain]", Matches(found))
	require.Equal(t, server.Copies()[0].ID, found[0].Copy.ID)
	return found[0].Copy
}

// Matches is how certain candidates are, as text: "[certain possible]".
func Matches(found []agentcopy.Candidate) string {
	matches := []agentcopy.Match{}
	for _, c := range found {
		matches = append(matches, c.Match)
	}
	return fmt.Sprint(matches)
}
