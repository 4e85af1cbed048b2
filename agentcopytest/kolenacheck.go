package agentcopytest

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
)

// kolenaOrder is the body of a copy.
type kolenaOrder struct {
	name        string
	workspaceID *int64 // nil: the source's
}

func (k *kolenaAPI) orderOf(c *call) (order kolenaOrder, faults []kolenaFault) {
	body, err := c.fields()
	if err != nil {
		return order, []kolenaFault{kolenaBodyFault(c, err)}
	}
	switch raw, ok := body["name"]; {
	case !ok:
		faults = append(faults, kolenaFault{"missing", []any{"body", "name"}, "Field required", json.RawMessage(c.Body), nil})
	case body.read("name", &order.name) != nil:
		faults = append(faults, kolenaFault{"string_type", []any{"body", "name"}, "Input should be a valid string", raw, nil})
	case order.name == "" && k.quirks.RefuseName == nil:
		faults = append(faults, kolenaFault{"string_too_short", []any{"body", "name"}, "String should have at least 1 character", raw, map[string]any{"min_length": 1}})
	default:
		if reason := k.nameFault(order.name, nil); reason != "" {
			faults = append(faults, kolenaFault{"value_error", []any{"body", "name"}, reason, raw, nil})
		}
	}
	workspaceID, workspaceFaults := kolenaTarget(body, "target_workspace_id")
	_, folderFaults := kolenaTarget(body, "target_folder_id") // no answer ever shows it
	order.workspaceID = workspaceID
	return order, slices.Concat(faults, workspaceFaults, folderFaults)
}

// kolenaTarget reads where a copy goes; nil if the body does not say.
func kolenaTarget(body fields, name string) (id *int64, faults []kolenaFault) {
	if err := body.read(name, &id); err != nil {
		return nil, []kolenaFault{{"int_type", []any{"body", name}, "Input should be a valid integer", body[name], nil}}
	}
	return id, nil
}

// kolenaPathID returns the ID in the path in its usual spelling.
func kolenaPathID(c *call) (id string, faults []kolenaFault) {
	n, err := strconv.ParseInt(c.id, 10, 64)
	if err != nil {
		return "", []kolenaFault{kolenaNoInteger([]any{"path", "agent_id"}, c.id)}
	}
	return strconv.FormatInt(n, 10), nil
}

func kolenaInteger(c *call, name string, fallback, high int) (int, []kolenaFault) {
	n, err := integer(c.Query, name, fallback, 0, high)
	loc, input := []any{"query", name}, c.Query.Get(name)
	switch {
	case errors.Is(err, errTooSmall):
		return 0, []kolenaFault{{"greater_than_equal", loc, "Input should be greater than or equal to 0", input, map[string]any{"ge": 0}}}
	case errors.Is(err, errTooLarge):
		return 0, []kolenaFault{{"less_than_equal", loc, "Input should be less than or equal to " + strconv.Itoa(high), input, map[string]any{"le": high}}}
	case err != nil:
		return 0, []kolenaFault{kolenaNoInteger(loc, input)}
	}
	return n, nil
}

// kolenaFault is one entry of FastAPI's list.
type kolenaFault struct {
	Type    string         `json:"type"`
	Loc     []any          `json:"loc"`
	Msg     string         `json:"msg"`
	Input   any            `json:"input"`
	Context map[string]any `json:"ctx,omitempty"`
}

func kolenaNoInteger(loc []any, input string) kolenaFault {
	return kolenaFault{"int_parsing", loc, "Input should be a valid integer, unable to parse string as an integer", input, nil}
}

// kolenaBodyFault is what is wrong with a body as a whole.
func kolenaBodyFault(c *call, err error) kolenaFault {
	switch err {
	case errNoBody:
		return kolenaFault{"missing", []any{"body"}, "Field required", nil, nil}
	case errContentType, errNotObject:
		return kolenaFault{"model_attributes_type", []any{"body"}, "Input should be a valid dictionary or object to extract fields from", string(c.Body), nil}
	}
	var at int64
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = syntax.Offset
	}
	return kolenaFault{"json_invalid", []any{"body", at}, "JSON decode error", map[string]any{}, map[string]any{"error": err.Error()}}
}

func kolenaInvalid(faults []kolenaFault) *answer {
	return jsonAnswer(http.StatusUnprocessableEntity, map[string]any{"detail": faults})
}

func kolenaError(status int, detail string) *answer {
	out := jsonAnswer(status, map[string]string{"detail": detail})
	if status == http.StatusUnauthorized {
		out.with("Www-Authenticate", "Bearer")
	}
	return out
}
