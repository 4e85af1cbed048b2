package vendor

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// Check returns what is wrong with a request, by the rules that the SDK applies
// before it sends one: it is handed to a client whose transport leads nowhere.
// So the tool has no rules of its own that could differ.
//
// It makes the source ID canonical.
func (v *Vendor) Check(asked *agentcopy.CopyRequest, extras map[string]string) (faults []Fault) {
	client, err := v.checker()
	if err != nil {
		return []Fault{{"provider", err.Error()}}
	}
	req := *asked
	extras = maps.Clone(extras)
	for {
		copier, found := client(extras)
		if len(found) == 0 {
			_, err := copier.Copy(context.Background(), req)
			found = faultsOf(err)
		}
		if len(found) == 0 {
			if len(faults) == 0 {
				asked.SourceID = copier.Identify(req).SourceID
			}
			return faults
		}
		// The SDK names the first fault. With that out of the way, it names the next.
		for _, f := range found {
			faults = append(faults, f)
			if !v.mend(f.Column, &req, extras) {
				return faults
			}
		}
	}
}

// newChecker makes the client that leads nowhere.
func newChecker(v *Vendor) (copiers, error) {
	return v.keyless(
		agentcopy.WithHTTPClient(&http.Client{Transport: nowhere{}}),
		agentcopy.WithLimiter(agentcopy.Unlimited),
		agentcopy.WithRetry(agentcopy.RetryPolicy{Mode: agentcopy.RetryNever}),
	)
}

// mend puts something good in the place of what is wrong. It returns false if it
// does not know how to.
func (v *Vendor) mend(column string, req *agentcopy.CopyRequest, extras map[string]string) bool {
	switch good := "a good name"; {
	case column == "source_id" && req.SourceID != v.goodID:
		req.SourceID = v.goodID
	case column == "name" && req.Name != good:
		req.Name = good
	case extras[column] != "":
		delete(extras, column)
	default:
		return false
	}
	return true
}

// faultsOf is what the SDK found wrong, if that is why it did not send.
func faultsOf(err error) (faults []Fault) {
	e, ok := errors.AsType[*agentcopy.Error](err)
	if !ok || !errors.Is(err, agentcopy.ErrInvalid) {
		return nil
	}
	for _, f := range e.Fields {
		faults = append(faults, Fault{columnOf(f.Field), f.Reason})
	}
	if len(faults) == 0 {
		faults = append(faults, Fault{"", e.Error()})
	}
	return faults
}

// nowhere answers every request with 404, which says that nothing was made.
type nowhere struct{}

func (nowhere) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		Status:     "404 Not Found",
		StatusCode: http.StatusNotFound,
		ProtoMajor: 1,
		ProtoMinor: 1,
		Header:     make(http.Header),
		Body:       io.NopCloser(strings.NewReader("")),
		Request:    req,
	}, nil
}

// columnOf is the column of a manifest that a field of a request is filled from.
func columnOf(field string) string {
	switch field {
	case "agentID", "SourceID":
		return "source_id"
	case "AgentName", "Name":
		return "name"
	case "TargetWorkspaceID":
		return targetWorkspace
	case "TargetFolderID":
		return targetFolder
	case "UserTimezone":
		return userTimezone
	}
	return field
}
