// Package laxjson reads the JSON documents that servers send, which are not always
// the JSON that they document.
//
// It exists because the answer to a copy holds the ID of an agent that was made:
// that ID must be found whatever form the rest of the document has. It reads what
// encoding/json reads and, with a warning, documents that
//
//   - begin with a byte order mark (without a warning),
//   - hold NaN, Infinity or another word where a value belongs, comments, commas too
//     many, control characters or unknown escapes in strings,
//   - go on after their end,
//   - hold a number where a string is documented, or a number in another form than
//     that of the documented type: 456.0, 4.56e2 or "456" for an integer,
//   - name a field of an object twice; the last one counts (it warns of that only
//     where something else is odd too: encoding/json, which reads what is not odd,
//     does not tell),
//   - have parts that would take far more memory than they have bytes, or that are
//     nested too deeply. Those parts are left out.
//
// So the memory and the time that a document costs are bounded by a small multiple of
// its length.
package laxjson

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// What is wrong with a document that cannot be read.
var (
	// ErrEmpty: the document is empty but for white space and a byte order mark.
	ErrEmpty = errors.New("the document is empty")
	// ErrNotJSON: the document does not begin like an object or a list, and is no
	// other value either.
	ErrNotJSON = errors.New("the document is not JSON")
	// ErrBroken: the document begins like an object or a list, but breaks off or
	// cannot be read on.
	ErrBroken = errors.New("the document is truncated or malformed")
)

// Warning is what was odd about a document that could be read.
type Warning struct {
	// Malformed reports whether it was no JSON, rather than JSON of an unexpected kind.
	Malformed bool
	notes     []string
}

func (w *Warning) Error() string { return strings.Join(w.notes, "; ") }

// The budget of a document: decoded, it may take baseBudget bytes, and in addition
// budgetFactor times its length. A list within it may always take listBudget. That
// admits every page of a list that a vendor has; the factor is enough for any list of
// whole agents.
const (
	baseBudget   = 8 << 20
	listBudget   = 1 << 20
	budgetFactor = 8
)

// longDecode is the length of a document from which on its decoding takes long
// enough to be given up when the context ends.
const longDecode = 1 << 20

// byteOrderMark may precede a document in UTF-8.
var byteOrderMark = []byte("\xef\xbb\xbf")

// Unmarshal decodes data into v, a pointer to a zero value. If ctx ends while it reads a
// long document, it returns the error of ctx. What is left of the work then ends by
// itself: it is bounded.
func Unmarshal(ctx context.Context, data []byte, v any) (*Warning, error) {
	if len(data) < longDecode {
		return unmarshal(data, v)
	}
	target := reflect.ValueOf(v).Elem()
	own := reflect.New(target.Type())
	var warning *Warning
	done := make(chan error, 1)
	go func() {
		var err error
		warning, err = unmarshal(data, own.Interface())
		done <- err
	}()
	select {
	case err := <-done:
		target.Set(own.Elem())
		return warning, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func unmarshal(data []byte, v any) (*Warning, error) {
	data = bytes.TrimPrefix(data, byteOrderMark)
	s := shapeOf(reflect.TypeOf(v).Elem())
	if s.affords(data) {
		if err := json.Unmarshal(data, v); err == nil {
			return nil, nil
		}
		reflect.ValueOf(v).Elem().SetZero() // a failed decode may have filled some fields
	}
	r := reader{in: data}
	clean, err := r.document(s)
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(clean, v)
	if mistyped, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		kind, _, _ := strings.Cut(mistyped.Value, " ") // the value may follow
		r.note(false, fmt.Sprintf("field %q is a %s where %v is documented; it was left out",
			orDots(mistyped.Field), orDots(kind), mistyped.Type))
	} else if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return r.warning, nil
}

// Clean returns data as the JSON that it was meant to be, without a byte order mark.
// It is data itself where that is nothing else.
func Clean(data []byte) ([]byte, error) {
	data = bytes.TrimPrefix(data, byteOrderMark)
	if json.Valid(data) {
		return data, nil
	}
	r := reader{in: data}
	return r.document(nil)
}

// orDots is text from a document, if it is short enough for a message. It is never cut:
// of a credential that was cut in two, nobody would know the first half.
func orDots(text string) string {
	const limit = 100
	if len(text) > limit {
		return "..."
	}
	return text
}

// affords reports whether decoding data cannot exceed the budget, judged by the count
// only of its commas and brackets: there are no more values than those and one.
func (s *shape) affords(data []byte) bool {
	values := 1
	for _, before := range []string{",", "{", "["} {
		values += bytes.Count(data, []byte(before))
	}
	return values <= (baseBudget+budgetFactor*len(data))/s.dearest
}
