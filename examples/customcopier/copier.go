package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// acme copies agents on Acme, a vendor that this SDK does not know. It implements
// agentcopy.Copier. Package once decides what is sent again, so it sends one request a
// call and says what became of it.
type acme struct {
	baseURL, key string
	http         *http.Client
}

func newAcme(baseURL, key string, client *http.Client) *acme {
	own := *client
	own.Timeout = time.Minute
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // a redirect sends again
	return &acme{baseURL, key, &own}
}

type acmeAgent struct {
	ID, Name string
	Created  agentcopy.Time
}

func (a *acme) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	return agentcopy.Identity{Provider: "acme", Origin: a.baseURL, SearchKey: req.Name}
}

func (a *acme) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	failed := func(o agentcopy.Outcome, status int, err error) (agentcopy.Copy, error) {
		return agentcopy.Copy{}, &agentcopy.Error{Provider: "acme", Operation: "Copy", Outcome: o, StatusCode: status, Err: err}
	}
	if err := ctx.Err(); err != nil {
		return failed(agentcopy.OutcomeNotCopied, 0, err)
	}
	answer, body, err := a.do(ctx, http.MethodPost, "/agents/"+url.PathEscape(req.SourceID)+"/copy", map[string]string{"name": req.Name})
	if err != nil {
		return failed(agentcopy.OutcomeUnknown, 0, err) // the request may have arrived
	}
	var made acmeAgent
	switch status := answer.StatusCode; {
	case status == http.StatusOK && json.Unmarshal(body, &made) == nil && made.ID != "":
		return a.copyOf(made, req), nil
	case slices.Contains([]int{400, 401, 403, 404, 422, 429}, status) && json.Valid(body):
		return failed(agentcopy.OutcomeNotCopied, status, nil) // Acme refuses in JSON; a page may come from a proxy
	default:
		return failed(agentcopy.OutcomeUnknown, status, nil)
	}
}

func (a *acme) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Candidate, error) {
	answer, body, err := a.do(ctx, http.MethodGet, "/agents", nil)
	if err != nil {
		return nil, err
	}
	var agents []acmeAgent
	if err := json.Unmarshal(body, &agents); answer.StatusCode != http.StatusOK || err != nil || agents == nil {
		return nil, fmt.Errorf("acme: status %d and no list: %w", answer.StatusCode, errors.Join(err, agentcopy.ErrLookIncomplete))
	}
	seen := time.Now()
	date, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		date = seen
	}
	var found []agentcopy.Candidate
	var note error
	for _, agent := range agents {
		if agent.ID == req.SourceID {
			continue
		}
		sighting := agentcopy.Sighting{Copy: a.copyOf(agent, req), Zoneless: !agent.Created.HasZone(), SeenAt: seen, Ahead: date.Sub(seen)}
		if c, ok := agentcopy.MatchAgent(sighting, req.Name, since); ok {
			found = append(found, c)
		} else if agent.Name == req.Name {
			note = agentcopy.ErrNameTaken
		}
	}
	if age := answer.Header.Get("Age"); age != "" && age != "0" || answer.Header.Get("X-Cache") != "" {
		note = agentcopy.ErrLookIncomplete // a cache answered
	}
	slices.SortFunc(found, func(a, b agentcopy.Candidate) int { return b.Made.Compare(a.Made) })
	return found, note
}

func (a *acme) copyOf(agent acmeAgent, req agentcopy.CopyRequest) agentcopy.Copy {
	return agentcopy.Copy{Provider: "acme", SourceID: req.SourceID, ID: agent.ID, Name: agent.Name, CreatedAt: agent.Created.Time}
}

func (a *acme) do(ctx context.Context, method, path string, in any) (*http.Response, []byte, error) {
	data, err := json.Marshal(in)
	if err != nil {
		return nil, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, a.baseURL+path, bytes.NewReader(data))
	if err != nil {
		return nil, nil, err
	}
	req.GetBody = nil // with it, net/http may send the request again by itself
	req.Header.Set("Authorization", "Bearer "+a.key)
	req.Header.Set("Cache-Control", "no-cache")
	resp, err := a.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp, body, err
}
