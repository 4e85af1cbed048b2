package once_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

// An agentcopy.Copier for a vendor that this SDK does not know, written with
// net/http and the public face of this package alone, as a program outside of
// this module has to. It makes one attempt a call: what may be sent again, Once
// decides by the outcomes it says.
type outsider struct {
	http    *http.Client
	base    string
	key     string
	limiter *agentcopy.WindowLimiter
}

// newOutsider never follows a redirect: one of a POST would send it again.
func newOutsider(base, key string, transport http.RoundTripper) *outsider {
	return &outsider{
		http: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		base:    base,
		key:     key,
		limiter: agentcopy.NewWindowLimiter(30, 61*time.Second),
	}
}

// outsiderAgent is an agent as the vendor shows it.
type outsiderAgent struct {
	ID      string         `json:"id"`
	Name    string         `json:"name"`
	Created agentcopy.Time `json:"created"`
}

func (o *outsider) Copy(ctx context.Context, req agentcopy.CopyRequest) (agentcopy.Copy, error) {
	body, err := json.Marshal(map[string]string{"name": req.Name})
	if err != nil {
		return agentcopy.Copy{}, o.failed("Copy", agentcopy.OutcomeNotCopied, 0, err)
	}
	status, answer, failure := o.do(ctx, "Copy", http.MethodPost, "/agents/"+url.PathEscape(req.SourceID)+"/copy", body)
	if failure != nil {
		return agentcopy.Copy{}, failure
	}
	var made outsiderAgent
	if err := json.Unmarshal(answer, &made); err != nil || made.ID == "" {
		// The vendor says that it made the copy, and not which it is.
		return agentcopy.Copy{}, o.failed("Copy", agentcopy.OutcomeCopied, status, errors.New("the answer lacks the agent's ID"))
	}
	return o.copyOf(made, req), nil
}

func (o *outsider) FindCopies(ctx context.Context, req agentcopy.CopyRequest, since time.Time) ([]agentcopy.Candidate, error) {
	_, answer, failure := o.do(ctx, "FindCopies", http.MethodGet, "/agents", nil)
	if failure != nil {
		failure.Outcome = agentcopy.OutcomeNotCopied // looking copies nothing
		return nil, failure
	}
	var agents []outsiderAgent
	if err := json.Unmarshal(answer, &agents); err != nil {
		return nil, o.failed("FindCopies", agentcopy.OutcomeNotCopied, http.StatusOK, err)
	}
	var found []agentcopy.Candidate
	for _, a := range agents {
		// Both clocks are this test's. For a server's, say how far its Date is ahead.
		c, ok := agentcopy.MatchAgent(agentcopy.Sighting{Copy: o.copyOf(a, req)}, req.Name, since)
		if ok && a.ID != req.SourceID {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b agentcopy.Candidate) int { return b.Made.Compare(a.Made) })
	return found, nil
}

// Identify tells the Runner which server the agents are on, and that a name is what a
// copy is known by.
func (o *outsider) Identify(req agentcopy.CopyRequest) agentcopy.Identity {
	return agentcopy.Identity{Provider: "outsider", Origin: o.base, SearchKey: req.Name}
}

// do makes one request, and says of a failure what became of a copy.
func (o *outsider) do(ctx context.Context, operation, method, path string, body []byte) (status int, answer []byte, failure *agentcopy.Error) {
	release, err := o.limiter.Acquire(ctx)
	if err != nil {
		return 0, nil, o.failed(operation, agentcopy.OutcomeNotCopied, 0, err)
	}
	defer release()
	req, err := http.NewRequestWithContext(ctx, method, o.base+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, o.failed(operation, agentcopy.OutcomeNotCopied, 0, err)
	}
	req.GetBody = nil // with it, net/http sends a request again on HTTP/2 by itself
	req.Header.Set("Authorization", "Bearer "+o.key)
	resp, err := o.http.Do(req)
	if err != nil {
		// The request may have left. Proof that it did not takes net/http/httptrace.
		return 0, nil, o.failed(operation, agentcopy.OutcomeUnknown, 0, err)
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	switch status := resp.StatusCode; {
	case status >= 200 && status <= 299 && err != nil:
		return 0, nil, o.failed(operation, agentcopy.OutcomeCopied, status, err)
	case status >= 200 && status <= 299:
		return status, answer, nil
	case status >= 300 && status <= 499 && status != http.StatusRequestTimeout:
		return 0, nil, o.failed(operation, agentcopy.OutcomeNotCopied, status, nil)
	default:
		return 0, nil, o.failed(operation, agentcopy.OutcomeUnknown, status, nil)
	}
}

func (o *outsider) failed(operation string, outcome agentcopy.Outcome, status int, err error) *agentcopy.Error {
	return &agentcopy.Error{Provider: "outsider", Operation: operation, Outcome: outcome, StatusCode: status, Err: err}
}

func (o *outsider) copyOf(a outsiderAgent, req agentcopy.CopyRequest) agentcopy.Copy {
	return agentcopy.Copy{Provider: "outsider", SourceID: req.SourceID, ID: a.ID, Name: a.Name, CreatedAt: a.Created.Time}
}

// outside is the outsider's vendor, within the test.
type outside struct {
	mu     sync.Mutex
	agents []outsiderAgent
	sent   []time.Time // when copies were asked for
	// meet is called for the n-th copy. It may refuse it by a status, before it is
	// made, or lose its answer.
	meet func(n int) (refuse int, lose bool)
}

func (o *outside) RoundTrip(req *http.Request) (*http.Response, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	answer := httptest.NewRecorder()
	if req.Method == http.MethodGet {
		_ = json.NewEncoder(answer).Encode(o.agents)
		return answer.Result(), nil
	}
	o.sent = append(o.sent, time.Now())
	refuse, lose := 0, false
	if o.meet != nil {
		refuse, lose = o.meet(len(o.sent))
	}
	if refuse != 0 {
		answer.WriteHeader(refuse)
		return answer.Result(), nil
	}
	var order struct{ Name string }
	if err := json.NewDecoder(req.Body).Decode(&order); err != nil {
		return nil, err
	}
	made := outsiderAgent{ID: fmt.Sprint("a", len(o.agents)+1), Name: order.Name, Created: agentcopy.Time{Time: time.Now()}}
	o.agents = append(o.agents, made)
	if lose {
		return nil, io.ErrUnexpectedEOF
	}
	_ = json.NewEncoder(answer).Encode(made)
	return answer.Result(), nil
}

func TestThirdPartyCopierAndOnce(t *testing.T) {
	cases := []struct {
		name   string
		meet   func(n int) (refuse int, lose bool)
		want   error // of the call; nil for none
		copies int
		sent   int
	}{
		{"a good answer", nil, nil, 1, 1},
		{"a lost answer is looked for", func(int) (int, bool) { return 0, true }, nil, 1, 1},
		{"a 500 that made nothing is sent again once nothing shows", func(n int) (int, bool) {
			if n == 1 {
				return http.StatusInternalServerError, false
			}
			return 0, false
		}, nil, 1, 2},
		{"a refusal is returned", func(int) (int, bool) { return http.StatusForbidden, false }, agentcopy.ErrForbidden, 0, 1},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				vendor := &outside{meet: tc.meet}
				runner := &once.Runner{Ledger: once.NewMemoryLedger()}
				made, err := runner.Copy(t.Context(), "tenant 1", newOutsider("https://outside.example", "key", vendor),
					agentcopy.CopyRequest{SourceID: "a0", Name: "Tenant 1"})
				require.ErrorIs(t, err, tc.want)
				require.Len(t, vendor.agents, tc.copies)
				require.Len(t, vendor.sent, tc.sent)
				if tc.want == nil {
					require.Equal(t, "a1", made.ID)
				}
			})
		})
	}
}

// A batch keeps to the limit that the Copier has set itself.
func TestThirdPartyCopierAndAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := &outside{}
		copier := newOutsider("https://outside.example", "key", vendor)
		runner := &once.Runner{Ledger: once.NewMemoryLedger()}
		jobs := func(yield func(once.Job) bool) {
			for i := range 70 {
				name := fmt.Sprintf("Tenant %d", i)
				if !yield(once.Job{Key: name, Copier: copier, Request: agentcopy.CopyRequest{SourceID: "a0", Name: name}}) {
					return
				}
			}
		}
		for result := range runner.All(t.Context(), jobs) {
			require.NoError(t, result.Err)
		}
		require.Len(t, vendor.agents, 70)
		for i := range len(vendor.sent) - 30 {
			require.GreaterOrEqual(t, vendor.sent[i+30].Sub(vendor.sent[i]), 61*time.Second)
		}
	})
}
