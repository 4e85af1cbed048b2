package vendortest

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"reflect"
	"strings"
	"testing"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// Document reads a vendor's document from the package's testdata.
func Document(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// RequireError returns the *agentcopy.Error that err is.
func RequireError(t testing.TB, err error) *agentcopy.Error {
	t.Helper()
	e, ok := errors.AsType[*agentcopy.Error](err)
	if !ok {
		t.Fatalf("got %#v, want an *agentcopy.Error", err)
	}
	return e
}

// RequireInvalid requires that err was found in field before anything was sent.
func RequireInvalid(t testing.TB, err error, field string) {
	t.Helper()
	e := RequireError(t, err)
	if !errors.Is(err, agentcopy.ErrInvalid) || e.Outcome != agentcopy.OutcomeNotCopied || len(e.Attempts) != 0 {
		t.Fatalf("got %v, want ErrInvalid, not copied, nothing sent", err)
	}
	if len(e.Fields) != 1 || e.Fields[0].Field != field {
		t.Fatalf("got faults %+v, want one of field %s", e.Fields, field)
	}
}

// RequireRoundTrip requires that document, read into a T and written again, is
// the same but for nulls. Time stamps come back in the form they had.
func RequireRoundTrip[T any](t testing.TB, document string) {
	t.Helper()
	var v T
	Decode(t, document, &v)
	written, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	want, got := normal(t, document), normal(t, string(written))
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("read and written again, %T is not the document it was\nwant %v\ngot  %v", v, want, got)
	}
}

func normal(t testing.TB, document string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(document))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, document)
	}
	return withoutNulls(v)
}

func withoutNulls(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if value == nil {
				delete(v, key)
				continue
			}
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
	for _, path := range emptyFields(reflect.ValueOf(v), reflect.TypeOf(v).String()) {
		t.Errorf("%s is empty: no document of this test has it", path)
	}
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
func Collect[A any](t testing.TB, seq iter.Seq2[*A, error]) ([]*A, error) {
	t.Helper()
	var (
		items []*A
		end   error
	)
	for item, err := range seq {
		switch {
		case end != nil:
			t.Fatalf("the sequence went on after %v", end)
		case err != nil && item != nil, err == nil && item == nil:
			t.Fatalf("got (%v, %v), want an agent or an error", item, err)
		case err != nil:
			end = err
		default:
			items = append(items, item)
		}
	}
	return items, end
}

// Agents is JSON of a list of count agents, each written by format from its
// number, the first of which is first.
func Agents(format string, first, count int) string {
	list := make([]json.RawMessage, count)
	for i := range list {
		list[i] = fmt.Appendf(nil, format, first+i)
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic(err) // format is no JSON: a mistake of the test
	}
	return string(text)
}

// Decode reads JSON into v.
func Decode(t testing.TB, document string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(document), v); err != nil {
		t.Fatalf("%v in %s", err, document)
	}
}
