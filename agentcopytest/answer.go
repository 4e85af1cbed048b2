package agentcopytest

import (
	"bytes"
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
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(fmt.Sprintf("agentcopytest: an answer cannot be encoded: %v", err)) // AddAgent has seen to it
	}
	return &answer{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: body.Bytes()}
}

// with sets a header.
func (a *answer) with(name, value string) *answer {
	a.header.Set(name, value)
	return a
}

// hasBody reports whether HTTP allows an answer of this status a body.
func hasBody(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}

// sent is what of the body reaches the client.
func (a *answer) sent() []byte {
	if a.cutOff() {
		return a.body[:a.truncate]
	}
	return a.body
}

// cutOff reports whether the connection breaks before the body has ended.
func (a *answer) cutOff() bool { return a.truncate > 0 && a.truncate < len(a.body) }
