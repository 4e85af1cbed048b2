package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/laxjson"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
)

// failure is the error of a call that did not succeed.
func (c *call) failure(all *attempts) *agentcopy.Error {
	e := &agentcopy.Error{
		Provider:  c.client.vendor.Name,
		Operation: c.op.Name,
		Outcome:   agentcopy.OutcomeNotCopied,
		Attempts:  all.records,
		Err:       maskError(c.client.mask, all.why()),
	}
	if c.op.copies() {
		e.Outcome = all.outcome()
	}
	if all.answered != nil {
		c.client.describe(e, &all.answered.result)
	}
	if paused, ok := errors.AsType[*pacing.PausedError](all.last.err); ok {
		e.RetryAfter = paused.Left
	}
	if e.Message == "" && e.Err != nil {
		e.Message = e.Err.Error()
	}
	return e
}

// outcome is Copied if that of any attempt is, else Unknown if that of any is.
func (l *attempts) outcome() agentcopy.Outcome {
	switch {
	case l.copied:
		return agentcopy.OutcomeCopied
	case l.unknown:
		return agentcopy.OutcomeUnknown
	}
	return agentcopy.OutcomeNotCopied
}

// why is the cause of a failure beyond what the last answer says.
func (l *attempts) why() error {
	err := l.last.err
	switch {
	case l.gaveUp != nil && err != nil && err.Error() != l.gaveUp.Error():
		return fmt.Errorf("%w: %w", err, l.gaveUp)
	case l.gaveUp != nil:
		return l.gaveUp
	case err != nil && l.answered != nil && l.answered != l.last:
		return fmt.Errorf("then: %w", err) // the status is that of an earlier answer
	}
	return err
}

// describe fills e with what the answer says.
func (c *Client) describe(e *agentcopy.Error, r *result) {
	readable := c.readable
	e.StatusCode = r.status
	e.Header = r.header
	e.Body = KeptBody(r.body)
	e.RequestID = c.requestID(r.header)
	e.RetryAfter = r.retryAfter
	var p problem
	if !isSuccess(r.status) || errors.Is(r.err, ErrRefused) { // else it is the document of an agent
		p = parseProblem(e.Body) // what is kept: all of the body may be long
	}
	e.Code, e.Message = readable(p.code), readable(p.message)
	for _, f := range p.fields {
		e.Fields = append(e.Fields, agentcopy.FieldError{Field: readable(f.Field), Reason: readable(f.Reason)})
	}
	if e.Message == "" && r.status >= 300 {
		e.Message = http.StatusText(r.status)
	}
	if r.status >= 300 && r.status <= 399 && r.status != http.StatusNotModified {
		e.Message = readable("redirects are not followed" + redirectTarget(r.header) + ": " + checkBaseURL)
	}
	if advice := c.vendor.Advice; advice != nil && e.Err == nil {
		if text := advice(e, c.secrets()); text != "" {
			e.Err = adviceError(text)
		}
	}
	if e.Err == nil && r.status >= 400 && r.status <= 499 && bytes.HasPrefix(trimmed(r.body), []byte("<")) {
		e.Err = adviceError(errNotJSON.Error() + ": " + checkBaseURL)
	}
}

// KeptBody is the part of a body that an error keeps, in memory of its own: a part of
// a slice would keep all of it.
func KeptBody(body []byte) []byte { return bytes.Clone(body[:min(len(body), errorBodyLimit)]) }

// adviceError is what experience says about a bare refusal.
type adviceError string

func (a adviceError) Error() string { return string(a) }

// redirectTarget names the host that a redirect leads to, and nothing else of
// its URL.
func redirectTarget(h http.Header) string {
	u, err := url.Parse(h.Get("Location"))
	if err != nil || u.Host == "" {
		return ""
	}
	return "; this one leads to " + u.Host
}

// maxNesting is how deep a message may lie in an error body.
const maxNesting = 5

// problem is what a body says about a failure.
type problem struct {
	code, message string
	fields        []agentcopy.FieldError
}

// parseProblem reads an error body in any of the forms that the vendors, their
// frameworks and the proxies before them send.
func parseProblem(body []byte) problem {
	body = trimmed(body)
	if clean, err := laxjson.Clean(body); err == nil {
		body = clean
	}
	var text string
	switch {
	case len(body) == 0:
		return problem{}
	case body[0] == '<':
		return problem{message: titleOf(body)}
	case body[0] == '{':
		return problemOf(body, maxNesting)
	case json.Unmarshal(body, &text) == nil:
		return problem{message: text}
	case body[0] == '[' || !utf8.Valid(body):
		return problem{}
	}
	return problem{message: string(body)}
}

// problemOf reads a JSON object: Zudu's envelope, LangSmith's problem and its
// flat {"error": ...}, FastAPI's detail as a text or as a list of faults, and
// the nested {"error": {"code", "message"}} of many gateways, down to so many
// levels: each is read anew.
func problemOf(object []byte, levels int) (p problem) {
	var doc struct {
		Code    json.RawMessage `json:"code"`
		Message json.RawMessage `json:"message"`
		Detail  json.RawMessage `json:"detail"`
		Error   json.RawMessage `json:"error"`
		Title   json.RawMessage `json:"title"`
	}
	if levels == 0 || json.Unmarshal(object, &doc) != nil {
		return problem{}
	}
	p.code = textOf(doc.Code)
	for _, raw := range []json.RawMessage{doc.Message, doc.Detail, doc.Error, doc.Title} {
		switch firstOf(raw) {
		case '{':
			inner := problemOf(raw, levels-1)
			if p.code == "" {
				p.code = inner.code
			}
			p.fields = append(p.fields, inner.fields...)
			p.add(inner.message)
		case '[':
			faults := faultsOf(raw)
			p.fields = append(p.fields, faults...)
			for _, f := range faults {
				p.add(strings.TrimPrefix(f.Field+": "+f.Reason, ": "))
			}
		default:
			p.add(textOf(raw))
		}
	}
	if text := textOf(doc.Error); p.code == "" && machineReadable.MatchString(text) {
		p.code = text
	}
	return p
}

// machineReadable matches an error text that is a code rather than prose:
// org_scoped_key_requires_workspace.
var machineReadable = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)+$`)

// add appends text to the message, unless it says so already.
func (p *problem) add(text string) {
	switch {
	case text == "" || strings.Contains(p.message, text):
	case p.message == "":
		p.message = text
	default:
		p.message += ": " + text
	}
}

// textOf is a JSON string or number as text.
func textOf(raw json.RawMessage) string {
	switch c := firstOf(raw); {
	case c == '"':
		var text string
		_ = json.Unmarshal(raw, &text) // part of a document that was read already
		return strings.TrimSpace(text)
	case c == '-' || '0' <= c && c <= '9':
		return string(raw)
	}
	return ""
}

// firstOf tells the kind of a JSON value by its first byte; 0 if there is none.
func firstOf(raw json.RawMessage) byte {
	if len(raw) == 0 {
		return 0
	}
	return raw[0]
}

// faultsOf reads FastAPI's list of faults: [{"loc": ["body", "name"], "msg": "..."}].
func faultsOf(raw json.RawMessage) []agentcopy.FieldError {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	var faults []agentcopy.FieldError
	for _, item := range list {
		var fault struct {
			Loc []any  `json:"loc"`
			Msg string `json:"msg"`
		}
		if json.Unmarshal(item, &fault) != nil || fault.Msg == "" {
			if text := textOf(item); text != "" {
				faults = append(faults, agentcopy.FieldError{Reason: text})
			}
			continue
		}
		faults = append(faults, agentcopy.FieldError{Field: location(fault.Loc), Reason: fault.Msg})
	}
	return faults
}

// location is the path of a field, without the word for the part of the request.
func location(loc []any) string {
	if len(loc) > 1 && loc[0] == "body" {
		loc = loc[1:]
	}
	parts := make([]string, len(loc))
	for i, part := range loc {
		parts[i] = fmt.Sprint(part)
	}
	return strings.Join(parts, ".")
}

var (
	title = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title|<h1[^>]*>(.*?)</h1`)
	tag   = regexp.MustCompile(`(?s)<[^>]*>`)
)

// titleOf is the title of an HTML page, or its first heading.
func titleOf(page []byte) string {
	match := title.FindSubmatch(page[:min(len(page), 16<<10)])
	if match == nil {
		return ""
	}
	inner := append(bytes.Clone(match[1]), match[2]...) // one of the two matched
	return html.UnescapeString(string(tag.ReplaceAll(inner, nil)))
}

// readable makes text of unknown origin a message: secrets masked, white space
// folded, no more than a few lines long. It is cut last: of a secret that was cut
// in two, the mask would not know the first half.
func (c *Client) readable(text string) string {
	const limit = 500
	text = c.mask(strings.ToValidUTF8(text, "\uFFFD"))
	if text = strings.Join(strings.Fields(text), " "); len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "..."
	}
	return text
}

// requestIDHeaders are what vendors and the proxies before them call the ID of
// a request, the vendor's own first. The last ones name a trace or a connection
// rather than a request, which still finds it in a log.
var requestIDHeaders = []string{
	"X-Request-Id",
	"Request-Id",
	"X-Correlation-Id",
	"X-Amzn-Requestid",
	"X-Amz-Cf-Id",
	"Cf-Ray",
	"X-Cloud-Trace-Context",
	"X-Amzn-Trace-Id",
	"X-Trace-Id",
}

// requestID is the ID by which the vendor's support can find the request, with
// any secret in it masked.
func (c *Client) requestID(h http.Header) string {
	const limit = 200 // longer than any, and short enough to print
	for _, name := range requestIDHeaders {
		if id := c.mask(h.Get(name)); id != "" {
			return id[:min(len(id), limit)]
		}
	}
	return ""
}
