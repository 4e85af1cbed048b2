package agentcopytest

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"strconv"
)

// What can be wrong with the body of a request, whatever it says.
var (
	errNoBody      = errors.New("a request body is required")
	errContentType = errors.New("the Content-Type must be application/json")
	errNotObject   = errors.New("the request body must be a JSON object")
)

// fields are the properties of a JSON object, by their exact names. One that is
// null counts as absent.
type fields map[string]json.RawMessage

// fields reads the body of a request. Its error is one of those above, or what
// encoding/json says of malformed JSON. A body without a Content-Type is taken
// for JSON, as the vendors' frameworks do.
func (c *call) fields() (fields, error) {
	if len(c.Body) == 0 {
		return nil, errNoBody
	}
	if contentType := c.Header.Get("Content-Type"); contentType != "" {
		if media, _, err := mime.ParseMediaType(contentType); err != nil || media != "application/json" {
			return nil, errContentType
		}
	}
	var f fields
	if err := json.Unmarshal(c.Body, &f); err != nil {
		if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return nil, errNotObject
		}
		return nil, err
	}
	if f == nil {
		return nil, errNotObject
	}
	for name, raw := range f {
		if string(raw) == "null" {
			delete(f, name)
		}
	}
	return f, nil
}

// read decodes the property name into v, and leaves v alone if it is absent.
func (f fields) read(name string, v any) error {
	raw, ok := f[name]
	if !ok {
		return nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%s has the wrong type", name)
	}
	return nil
}

// queryFields are the parameters of a query as fields: integers, and else text.
func queryFields(query url.Values) fields {
	f := make(fields)
	for name := range query {
		text := query.Get(name)
		f[name] = encode(text)
		if n, err := strconv.Atoi(text); err == nil {
			f[name] = encode(n)
		}
	}
	return f
}
