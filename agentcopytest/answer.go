package agentcopytest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
)

// answer is what the vendor sends back.
type answer struct {
	status   int
	header   http.Header
	body     []byte
	truncate int         // how much of body is sent; 0 for all
	copied   *CopyRecord // the copy that was made, if one was
}

// jsonAnswer is an answer with v as its body.
func jsonAnswer(status int, v any) *answer {
	return &answer{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: encode(v)}
}

// textAnswer is an answer whose Content-Type is found by looking at its body.
func textAnswer(status int, body string) *answer {
	a := &answer{status: status, header: http.Header{}, body: []byte(body)}
	switch {
	case json.Valid(a.body):
		a.with("Content-Type", "application/json")
	case body != "":
		a.with("Content-Type", http.DetectContentType(a.body))
	}
	return a
}

func (a *answer) clone() *answer {
	clone := *a
	clone.header = a.header.Clone()
	return &clone
}

func (a *answer) with(name, value string) *answer {
	a.header.Set(name, value)
	return a
}

// override sets headers in place of those of the same name. A name without
// values takes the header out.
func (a *answer) override(h http.Header) {
	for name, values := range h {
		a.header[http.CanonicalHeaderKey(name)] = values
	}
}

// hasBody reports whether HTTP allows an answer of this status a body.
func hasBody(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}

// sent is what of the body reaches the client before the connection breaks.
func (a *answer) sent() []byte {
	return a.body[:min(len(a.body), cmp.Or(a.truncate, len(a.body)))]
}

type object map[string]json.RawMessage

// objectOf is the JSON of v, which must be a struct or a map.
func objectOf(v any) (o object) {
	_ = json.Unmarshal(encode(v), &o)
	return o
}

func (o object) set(key string, v any) { o[key] = encode(v) }

// drop takes members out, and returns what is left.
func (o object) drop(keys ...string) object {
	for _, key := range keys {
		delete(o, key)
	}
	return o
}

// encode is v as JSON that escapes no HTML, as the vendors send it.
func encode(v any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(fmt.Sprintf("agentcopytest: an answer cannot be encoded: %v", err)) // AddAgent has seen to it
	}
	return out.Bytes()
}
